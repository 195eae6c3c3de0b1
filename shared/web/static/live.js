// Keeps a page fresh: fetches it again and replaces, in place, only the parts that changed.
// Never while somebody reads with a selection, never moving what is in view; says when it stopped.
(function () {
  "use strict";
  var body = document.body;
  var every = Number(body.dataset.liveEvery) * 1000;
  if (!every || !window.fetch || !window.DOMParser) { return; }
  var banner = null;

  function lost() {
    if (banner) { return; }
    banner = document.createElement("p");
    banner.className = "live-off";
    banner.setAttribute("role", "status");
    banner.textContent = body.dataset.liveOff;
    body.appendChild(banner);
  }

  function found(text) {
    var fresh = new DOMParser().parseFromString(text, "text/html");
    if (!fresh.body || !fresh.body.dataset.liveEvery) { throw new Error("another page"); }
    if (banner) { banner.remove(); banner = null; }
    body.dataset.liveOff = fresh.body.dataset.liveOff;
    document.querySelectorAll("[data-live]").forEach(function (part) {
      var other = fresh.querySelector('[data-live="' + part.dataset.live + '"]');
      if (!other || part.innerHTML === other.innerHTML || part.contains(document.activeElement)) {
        return;
      }
      part.innerHTML = other.innerHTML;
    });
  }

  function again() {
    var busy = document.hidden || String(window.getSelection()) !== "";
    var step = busy ? Promise.resolve() : fetch(location.href, {
      credentials: "same-origin", cache: "no-store", headers: { "Accept": "text/html" }
    }).then(function (answer) {
      if (!answer.ok || answer.redirected) { throw new Error(String(answer.status)); }
      return answer.text();
    }).then(found);
    step.catch(lost).then(function () { setTimeout(again, every); });
  }
  setTimeout(again, every);
}());
