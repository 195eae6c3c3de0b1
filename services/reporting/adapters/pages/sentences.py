"""What happened to a dossier, in sentences: each event, and what is noted beneath it."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final

from services.reporting.adapters.pages import formats
from services.reporting.adapters.pages.formats import Language
from services.reporting.core.timeline import ABOVE_THE_CENTRE, Entry, Note, Value
from shared.events.codes import parse_matter

EVENTS: Final[Mapping[str, tuple[str, str]]] = {
    "dossier.submitted": ("Người nộp gửi hồ sơ", "Submitted by the applicant"),
    "dossier.accepted": ("Tiếp nhận đủ hồ sơ", "Accepted complete"),
    "dossier.refused": ("Từ chối tiếp nhận", "Refused"),
    "dossier.arrived": (
        "Cơ quan có thẩm quyền nhận hồ sơ",
        "Reached the competent agency",
    ),
    "dossier.assigned": ("Giao người xử lý", "Assigned"),
    "dossier.step_started": ("Chuyển {agency} xử lý", "Passed to {agency}"),
    "dossier.step_finished": ("{agency} xử lý xong", "{agency} has finished"),
    "dossier.supplement_requested": (
        "Yêu cầu bổ sung, lần {number}",
        "Supplement requested, number {number}",
    ),
    "dossier.supplement_received": ("Nhận đủ bổ sung", "Supplement received"),
    "dossier.confirmation_requested": (
        "Đề nghị người nộp xác nhận biểu mẫu",
        "Applicant asked to confirm the form",
    ),
    "dossier.confirmed": ("Người nộp đã xác nhận", "Confirmed by the applicant"),
    "dossier.payment_requested": ("Yêu cầu nộp phí", "Payment requested"),
    "dossier.paid": ("Đã nộp phí", "Paid"),
    "dossier.apology_issued": (
        "Phiếu xin lỗi đã gửi, cơ quan gây chậm trễ: {agency}",
        "Slip of apology issued, agency at fault: {agency}",
    ),
    "dossier.extended": ("Hẹn lại ngày {new_date}", "New date promised: {new_date}"),
    "dossier.moved": ("Chuyển đến đơn vị {to_unit}", "Moved to unit {to_unit}"),
    "dossier.withdrawn": ("Người nộp rút hồ sơ", "Withdrawn by the applicant"),
    "dossier.stopped": ("Dừng giải quyết", "Stopped"),
    "dossier.completed": ("Có kết quả", "Result ready"),
    "dossier.returned": ("Đã trả kết quả", "Result handed over"),
    "dossier.result_disputed": (
        "Kết quả có sai sót, do {fault}",
        "The result is wrong, by the fault of {fault}",
    ),
    "dossier.result_corrected": ("Đã sửa kết quả", "Result corrected"),
    "dossier.corrected": (
        "Đính chính một sự kiện đã ghi sai",
        "A wrong event was corrected",
    ),
    "notice.undeliverable": ("Không báo được cho người nộp", "The notice did not arrive"),
    "obligation.due_changed": ("Ngày hẹn thay đổi: {new_due}", "Promise moved: {new_due}"),
    "limit_changed": (
        "Thời hạn theo luật thay đổi: {new_limit}",
        "Legal limit moved: {new_limit}",
    ),
    "index_due_changed": (
        "Hạn theo chỉ số 766 thay đổi: {new_index_due}",
        "Due date by index 766 moved: {new_index_due}",
    ),
    "limit_missed": (
        "Đã quá thời hạn theo luật lúc {limit_missed}: hồ sơ tính là quá hạn",
        "The legal limit passed at {limit_missed}: the dossier counts as late",
    ),
    "limit_not_missed": (
        "Không còn tính là đã quá thời hạn theo luật",
        "No legal limit counts as missed any more",
    ),
    "obligation.rung_withdrawn": ("Rút lại lời nhắc", "Reminder withdrawn"),
    "obligation.breached": ("Quá hạn", "Overdue"),
}
DUE_CHANGED: Final = "obligation.due_changed"
CHANGES: Final = (
    ("due", DUE_CHANGED),
    ("limit", "limit_changed"),
    ("index_due", "index_due_changed"),
)
"""The dates that a `due_changed` states, with the sentence for each."""

ROLES: Final[Mapping[str, tuple[str, str]]] = {
    "handler": ("người xử lý", "the handler"),
    "division_head": ("trưởng bộ phận", "the head of division"),
    "director": ("Giám đốc trung tâm", "the centre Director"),
    "chairman": ("Chủ tịch UBND xã", "the commune Chairman"),
    "province": ("Trung tâm tỉnh", "the provincial centre"),
}
RUNGS: Final = {
    "reminder": ("Nhắc {role}", "Reminder to {role}"),
    "escalation": ("Báo lên {role}", "Escalated to {role}"),
}
KINDS: Final[Mapping[str, tuple[str, str]]] = {
    "dossier_deadline": ("thời hạn giải quyết", "dossier deadline"),
    "apology_slip": ("phiếu xin lỗi", "slip of apology"),
    "supplement_closing": (
        "đóng hồ sơ không được bổ sung",
        "closing of an unsupplemented dossier",
    ),
    "supplement_notice": ("thông báo bổ sung trong 3 ngày", "supplement notice in 3 days"),
    "online_answer": ("trả lời hồ sơ trực tuyến", "answer to an online dossier"),
    "agency_step": ("bước của cơ quan phối hợp", "step of another agency"),
    "applicant_confirmation": ("người nộp xác nhận", "the applicant's confirmation"),
    "result_correction": ("sửa kết quả sai", "correction of a wrong result"),
    "hand_over": ("chuyển hồ sơ giấy", "hand-over of the paper dossier"),
    "duty": ("trực theo ca", "duty"),
}
CAUSES: Final[Mapping[str, tuple[str, str]]] = {
    "awaiting_other_agency": ("chờ cơ quan khác", "waiting for another agency"),
    "awaiting_applicant": ("chờ người nộp", "waiting for the applicant"),
    "verification_needed": ("cần xác minh", "verification needed"),
    "specialist_absent": ("vắng chuyên môn", "specialist absent"),
    "workload": ("quá tải", "workload"),
    "system_outage": ("sự cố hệ thống", "system outage"),
    "data_error": ("sai dữ liệu", "wrong data"),
    "done_not_recorded": ("đã xong, chưa ghi", "done, not recorded"),
    "force_majeure": ("bất khả kháng", "force majeure"),
    "other": ("khác", "other"),
}
FAULTS: Final[Mapping[str, tuple[str, str]]] = {
    "officials": ("cán bộ, công chức", "the officials"),
    "applicant": ("người nộp", "the applicant"),
    "other": ("bên khác", "somebody else"),
}
ERRORS: Final[Mapping[str, tuple[str, str]]] = {
    "wrong_name": ("sai họ tên", "a wrong name"),
    "wrong_personal_details": (
        "sai thông tin cá nhân khác",
        "other personal details are wrong",
    ),
    "wrong_content": ("sai nội dung", "wrong content"),
    "wrong_number_or_date": (
        "sai số hoặc ngày của giấy tờ",
        "a wrong number or date of the document",
    ),
    "signature_or_seal": (
        "thiếu hoặc sai chữ ký, con dấu",
        "signature or seal is missing or wrong",
    ),
    "part_missing": ("thiếu trang hoặc giấy tờ", "a page or a paper is missing"),
    "papers_of_another": ("giấy tờ của hồ sơ khác", "papers of another dossier"),
    "other_error": ("sai sót khác", "another error"),
}
"""What can be wrong with a result, as workflow's page offers it."""

CHANNELS: Final[Mapping[str, tuple[str, str]]] = {
    "email": ("thư điện tử", "e-mail"),
    "sms": ("tin nhắn", "text message"),
    "zalo": ("Zalo", "Zalo"),
    "webhook": ("hệ thống", "webhook"),
    "inbox": ("hộp việc", "inbox"),
    "direct": ("trực tiếp", "in person"),
    "online": ("trực tuyến", "online"),
    "post": ("bưu chính", "by post"),
}
NOTES: Final[Mapping[str, tuple[str, str]]] = {
    "promise": ("hẹn trả {due}", "due {due}"),
    "suspended": ("dừng tính từ {since}", "the count stops from {since}"),
    "resumed": ("tính lại; hẹn trả mới {due}", "counted anew; new promise {due}"),
    "proven": ("đã đến người nộp lúc {at} (có chứng từ)", "arrived at {at} (proven)"),
    "acknowledged": (
        "xác nhận {at}: “{cause}”, hẹn {promised}",
        "acknowledged {at}: “{cause}”, promised {promised}",
    ),
    "notice_planned": ("thông báo: sẽ gửi", "notice: to be sent"),
    "notice_sent": ("thông báo: đã gửi lúc {at}, {channel}", "notice: sent {at}, {channel}"),
    "notice_delivered": (
        "thông báo: đã nhận lúc {at}, {channel}",
        "notice: delivered {at}, {channel}",
    ),
    "notice_failed": ("thông báo: không gửi được, {channel}", "notice: failed, {channel}"),
    "notice_unknown": ("thông báo: chưa rõ đã đến chưa", "notice: arrival unknown"),
    "notice_obsolete": (
        "thông báo: không gửi, không còn đúng",
        "notice: not sent, no longer true",
    ),
    "notice_held": ("thông báo: để ngoài giờ yên tĩnh", "notice: held for quiet hours"),
}
REASONS: Final[Mapping[str, tuple[str, str]]] = {
    "supplement": ("nhận đủ bổ sung", "supplement received"),
    "extension": ("xin lỗi và hẹn lại", "apology and new date"),
    "calendar": ("lịch làm việc thay đổi", "the calendar changed"),
    "correction": ("đính chính", "a correction"),
    "rule": ("quy định thay đổi", "the rule changed"),
}
MARKS: Final[Mapping[str, tuple[str, str]]] = {
    "after-end": ("xảy ra sau khi kết thúc", "happened after the end"),
    "before-start": ("xảy ra trước khi bắt đầu", "happened before the start"),
    "illegal-transition": ("không theo quy trình", "not in the order of the procedure"),
}


def chosen(pair: tuple[str, str], language: Language) -> str:
    """Take one language of a pair."""
    return pair[0] if language == "vi" else pair[1]


def named(words: Mapping[str, tuple[str, str]], key: object, language: Language) -> str:
    """Name a code in words; a code of somebody else's list stays as it is."""
    pair = words.get(str(key))
    return str(key).replace("_", " ") if pair is None else chosen(pair, language)


def headline(entry: Entry, language: Language) -> str:
    """Say what happened."""
    if entry.key == "obligation.rung_reached":
        role = str(entry.params.get("role"))
        pair = RUNGS["escalation" if role in ABOVE_THE_CENTRE else "reminder"]
        return chosen(pair, language).format(role=named(ROLES, role, language))
    key = _changed(entry.params) if entry.key == DUE_CHANGED else entry.key
    pair = EVENTS.get(key, (key, key))
    return chosen(pair, language).format_map(_Said(entry.params, language))


def _changed(params: Mapping[str, Value]) -> str:
    """Return which change a `due_changed` is about: the promise first, then what it leaves."""
    for date_name, key in CHANGES:
        old, new = params.get(f"old_{date_name}"), params.get(f"new_{date_name}")
        if old != new:
            return key
    return "limit_missed" if "limit_missed" in params else "limit_not_missed"


def details(entry: Entry, language: Language) -> list[str]:
    """Say what is noted beneath an entry."""
    found = _told_once([note_text(note, language, entry.at) for note in entry.notes])
    params = entry.params
    if entry.key == "obligation.rung_reached":
        found.insert(0, named(KINDS, params.get("kind"), language))
        if hours := params.get("late_by_outage_hours"):
            text = ("muộn {hours} giờ do hệ thống gián đoạn", "late by our outage of {hours} h")
            found.append(chosen(text, language).format(hours=hours))
        if incident := params.get("incident"):
            found.append(_hung_on(str(incident), language))
    if entry.key == "obligation.breached":
        found.insert(0, named(KINDS, params.get("kind"), language))
    if entry.key == DUE_CHANGED:
        found.insert(0, named(REASONS, params.get("reason"), language))
    if entry.key == "dossier.result_disputed":
        found.insert(0, named(ERRORS, params.get("reason"), language))
    if entry.key == "dossier.accepted":
        found.insert(0, named(CHANNELS, params.get("channel"), language))
    if entry.mark:
        found.append(named(MARKS, entry.mark, language))
    return found


def _hung_on(incident: str, language: Language) -> str:
    """Say what held a message back: its id begins with the matter that it is about."""
    matter = parse_matter(incident.partition("~")[0])
    if matter is None or matter.kind != "connection":
        text = (
            "gộp vào thông báo chung: trung tâm gián đoạn",
            "told with the incident: the centre stood still",
        )
        return chosen(text, language)
    text = (
        "gộp vào thông báo chung: mất kết nối {system}",
        "told with the incident: the link to {system} was lost",
    )
    return chosen(text, language).format(system=matter.id)


def _told_once(notes: Sequence[str]) -> list[str]:
    """Say alike notes once, with how many they are: three handlers may be told at a time."""
    return [
        text if notes.count(text) == 1 else f"{text} (×{notes.count(text)})"
        for text in dict.fromkeys(notes)
    ]


def note_text(note: Note, language: Language, beneath: datetime) -> str:
    """Say one note; a moment of the day it stands beneath is said as its hour alone."""
    pair = NOTES.get(note.key, (note.key, note.key))
    said = _Said(note.params, language)
    for name, value in note.params.items():
        if not isinstance(value, datetime) or name not in {"at", "since"}:
            continue
        if formats.local_day(value) == formats.local_day(beneath):
            said[name] = formats.clock(value)
    return chosen(pair, language).format_map(said)


class _Said(dict[str, str]):
    """Parameters as they are said; one that is not there is said as a dash."""

    def __init__(self, params: Mapping[str, Value], language: Language) -> None:
        super().__init__(
            {name: _value(name, value, language) for name, value in params.items()}
        )

    def __missing__(self, key: str) -> str:
        return formats.DASH


def _value(name: str, value: Value, language: Language) -> str:
    if isinstance(value, datetime):
        return formats.moment(value, language)
    if isinstance(value, date):
        return formats.day(value)
    if name == "cause":
        return named(CAUSES, value, language)
    if name == "fault":
        return named(FAULTS, value, language)
    if name == "channel":
        return named(CHANNELS, value, language)
    return formats.DASH if value is None else str(value)
