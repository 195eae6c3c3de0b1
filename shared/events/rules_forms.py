"""Rules about an event's form: charset, wrapper, base64, attributes of others, codes."""

from typing import Final

from shared.events.rule import Rule

FORMS: Final = (
    Rule(
        "unknown-charset",
        "The content type names a charset other than UTF-8.",
        "Encode the text as UTF-8 and write charset=utf-8, or leave the charset out.",
        "Kiểu nội dung ghi bảng mã khác UTF-8.",
        "Mã hóa văn bản bằng UTF-8 và ghi charset=utf-8, hoặc bỏ phần charset.",
    ),
    Rule(
        "data-not-json",
        "The attribute datacontenttype names content that is not JSON.",
        "Send the data as JSON with application/json, or leave datacontenttype out.",
        "Thuộc tính datacontenttype ghi kiểu nội dung không phải JSON.",
        "Gửi dữ liệu dạng JSON với application/json, hoặc bỏ datacontenttype.",
    ),
    Rule(
        "connect-wrapper",
        "Kafka Connect has wrapped the value into its fields schema and payload.",
        "Set value.converter.schemas.enable=false for the connector's JsonConverter; for "
        "Debezium's CloudEventsConverter set value.converter.json.schemas.enable=false. Set "
        "key.converter=org.apache.kafka.connect.storage.StringConverter for the key.",
        "Kafka Connect đã bọc nội dung trong hai trường schema và payload.",
        "Đặt value.converter.schemas.enable=false cho JsonConverter của connector; với "
        "CloudEventsConverter của Debezium đặt value.converter.json.schemas.enable=false. Đặt "
        "key.converter=org.apache.kafka.connect.storage.StringConverter cho khóa.",
    ),
    Rule(
        "bad-base64",
        "The value of data_base64 is not base64.",
        "Encode the data's JSON with the standard alphabet and padding (RFC 4648, section 4), "
        "without line breaks; or send the JSON itself as data.",
        "Giá trị của data_base64 không phải base64.",
        "Mã hóa JSON của dữ liệu theo bảng chữ cái chuẩn, có ký tự đệm (RFC 4648, mục 4), "
        "không xuống dòng; hoặc gửi chính JSON đó trong data.",
    ),
    Rule(
        "data-twice",
        "The event has both data and data_base64.",
        "Send one of the two.",
        "Sự kiện có cả data và data_base64.",
        "Chỉ gửi một trong hai.",
    ),
    Rule(
        "bad-attribute-name",
        "The name of an attribute is not one that CloudEvents allows.",
        "Use small letters a–z and digits only, at most {limit}; fields of the event go into "
        "data.",
        "Tên thuộc tính không đúng quy định của CloudEvents.",
        "Chỉ dùng chữ thường a–z và chữ số, tối đa {limit} ký tự; các trường của sự kiện đặt "
        "trong data.",
    ),
    Rule(
        "too-many-attributes",
        "The event has more than {limit} attributes that are not part of this contract.",
        "Have the middleware add fewer of them; fields of the event go into data.",
        "Sự kiện có hơn {limit} thuộc tính không thuộc hợp đồng dữ liệu này.",
        "Giảm số thuộc tính do phần mềm trung gian thêm vào; các trường của sự kiện đặt trong "
        "data.",
    ),
)

PERSONAL: Final = (
    Rule(
        "looks-personal",
        "The value looks like {shape}.",
        "Send a code or a person's id (p-…); personal data goes into the contact part only. If "
        "it is a code, write letters directly before the digits (HS364285768), the same "
        "in every event of this subject.",
        "Giá trị giống {shape_vi}.",
        "Gửi mã hoặc định danh (p-…); dữ liệu cá nhân chỉ đặt trong phần contact. Nếu đây là "
        "mã, hãy ghi chữ cái ngay trước dãy số (HS364285768), giống nhau trong mọi sự kiện của "
        "đối tượng này.",
    ),
)
