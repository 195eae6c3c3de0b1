"""The words of obligations and of the rungs of their ladders, as workflow's data have them.

A test compares the two: no kind or rung is without words here.
"""

from collections.abc import Mapping
from typing import Final

_Pair = tuple[str, str]

KIND_WORDS: Final[Mapping[str, _Pair]] = {
    "dossier_deadline": ("Thời hạn giải quyết hồ sơ", "Legal deadline of a dossier"),
    "apology_slip": ("Phiếu xin lỗi và hẹn lại ngày trả", "Slip of apology with a new date"),
    "online_answer": ("Trả lời hồ sơ trực tuyến", "Answer to an online dossier"),
    "agency_step": ("Bước của cơ quan phối hợp (liên thông)", "Step of another agency"),
    "supplement_notice": (
        "Thông báo bổ sung trong 3 ngày làm việc",
        "Supplement notice within 3 days",
    ),
    "supplement_closing": (
        "Đóng hồ sơ không được bổ sung",
        "Closing of an unsupplemented dossier",
    ),
    "applicant_confirmation": (
        "Người dân xác nhận trong một ngày",
        "Applicant's one-day confirmation",
    ),
    "hand_over": ("Chuyển hồ sơ giấy", "Hand-over of a paper dossier"),
    "result_correction": (
        "Sửa kết quả sai do lỗi của cán bộ",
        "Correction of a wrong result",
    ),
    "duty": ("Trực theo ca", "On duty in every session"),
    "roster_gap": ("Lịch trực không có người", "Nobody of the roster will be there"),
    "conditions": ("Tự đánh giá điều kiện phục vụ", "Self-assessment of conditions"),
    "defect_repair": ("Sửa chữa cơ sở vật chất", "Repair a defect of the facilities"),
    "posting": ("Niêm yết thủ tục", "Post a procedure"),
    "posting_withdrawal": (
        "Gỡ niêm yết thủ tục hết hiệu lực",
        "Take down an expired procedure",
    ),
    "meeting": ("Họp ba tháng với các cơ quan", "Three-monthly meeting with the agencies"),
    "staff_posting": ("Công khai danh sách người làm việc", "Post the list of the staff"),
    "secondment_note": (
        "Nhận xét hằng tháng về người biệt phái",
        "Monthly note on a seconded person",
    ),
    "secondment_end": ("Kết thúc thời hạn biệt phái", "End of a secondment"),
    "petition_classify": ("Phân loại phản ánh, kiến nghị", "Classify a petition"),
    "petition_answer": ("Trả lời phản ánh, kiến nghị", "Answer a petition"),
    "petition_publish": ("Công khai trả lời phản ánh", "Publish the answer to a petition"),
    "support_assign": ("Phân công xử lý vướng mắc", "Assign a request for support"),
    "support_resolve": ("Giải quyết vướng mắc", "Resolve a request for support"),
    "interruption": ("Khôi phục hoạt động của trung tâm", "Restore the centre's service"),
    "outage_notice": ("Thông báo trước khi dừng hệ thống", "Notice of a planned outage"),
    "connection": ("Khôi phục kết nối dữ liệu", "Reconnect a database"),
    "datarequest_reply": (
        "Phản hồi yêu cầu về dữ liệu cá nhân",
        "First reply to a data request",
    ),
    "datarequest": ("Yêu cầu về dữ liệu cá nhân", "Request about personal data"),
}

RUNG_WORDS: Final[Mapping[str, Mapping[str, _Pair]]] = {
    "dossier_deadline": {
        "half": ("Đã dùng 50 % thời hạn", "50 % of the limit used"),
        "most": ("Đã dùng 80 % thời hạn", "80 % of the limit used"),
        "overdue": ("Quá hạn", "Overdue"),
        "overdue_1": ("Quá hạn 1 ngày", "Overdue by 1 day"),
        "overdue_3": ("Quá hạn 3 ngày", "Overdue by 3 days"),
        "overdue_5": ("Quá hạn 5 ngày", "Overdue by 5 days"),
    },
    "apology_slip": {
        "draft": (
            "Một ngày trước hạn ký phiếu xin lỗi; kèm bản dự thảo",
            "A day before the slip is due; with a draft",
        ),
        "last_moment": (
            "Thời điểm hợp pháp cuối cùng để xin lỗi",
            "The last legal moment to apologise",
        ),
    },
    "online_answer": {
        "arrived": ("Có hồ sơ trực tuyến chờ trả lời", "An online dossier awaits an answer"),
        "half": (
            "Đã dùng 50 % thời gian trả lời hồ sơ trực tuyến",
            "50 % of the time to answer an online dossier used",
        ),
        "most": (
            "Đã dùng 80 % thời gian trả lời hồ sơ trực tuyến",
            "80 % of the time to answer an online dossier used",
        ),
        "overdue": (
            "Hồ sơ trực tuyến chưa được trả lời đúng hạn",
            "An online dossier was not answered in time",
        ),
        "overdue_1": (
            "Trả lời hồ sơ trực tuyến: quá hạn 1 ngày",
            "Answer to an online dossier: overdue by 1 day",
        ),
    },
    "agency_step": {
        "most": ("Đã dùng 80 % thời hạn bước", "80 % used"),
        "overdue": ("Cơ quan phối hợp quá hạn", "The other agency is late"),
        "overdue_1": ("Quá hạn bước 1 ngày", "Late by 1 day"),
        "overdue_3": ("Quá hạn bước 3 ngày", "Late by 3 days"),
    },
    "supplement_closing": {
        "reminder": (
            "Người nộp còn 3 ngày làm việc để bổ sung; đã nhắc người nộp",
            "The applicant has 3 working days left, and is reminded",
        ),
        "close": (
            "Hết thời hạn bổ sung: đóng hồ sơ hôm nay",
            "The applicant's time is over: close the dossier today",
        ),
        "overdue": (
            "Hồ sơ không được bổ sung chưa đóng",
            "An unsupplemented dossier was not closed",
        ),
        "overdue_3": (
            "Hồ sơ không được bổ sung: quá hạn đóng 3 ngày",
            "Closing of an unsupplemented dossier: overdue by 3 days",
        ),
    },
    "applicant_confirmation": {
        "go_on": (
            "Hết hạn xác nhận: tiếp tục giải quyết",
            "The time to confirm is over: go on",
        ),
    },
    "hand_over": {
        "overdue": ("Hồ sơ giấy chưa được chuyển", "A paper dossier was not handed over"),
    },
    "result_correction": {
        "most": (
            "Đã dùng 80 % thời gian sửa kết quả",
            "80 % of the time to correct a result used",
        ),
        "overdue": (
            "Kết quả sai chưa được sửa đúng hạn",
            "A wrong result was not corrected in time",
        ),
        "overdue_1": (
            "Sửa kết quả: quá hạn 1 ngày",
            "Correction of a result: overdue by 1 day",
        ),
    },
    "duty": {
        "absent": ("Quầy chưa có người trực sau 15 phút", "Nobody on duty after 15 minutes"),
        "absent_30": ("Quầy chưa có người trực sau 30 phút", "Nobody on duty after 30 minutes"),
        "absent_60": ("Quầy chưa có người trực sau 60 phút", "Nobody on duty after 60 minutes"),
    },
    "roster_gap": {
        "gap": ("Lịch trực không có người", "Nobody of the roster will be there"),
    },
    "conditions": {
        "reminder": ("Còn 3 ngày để tự đánh giá", "3 days are left"),
        "overdue": ("Chưa tự đánh giá", "It was not sent"),
        "overdue_3": ("Quá hạn 3 ngày", "Overdue by 3 days"),
    },
    "defect_repair": {
        "most": ("Đã dùng 80 % thời hạn sửa", "80 % used"),
        "overdue": ("Quá hạn sửa chữa", "Repair is overdue"),
        "overdue_5": ("Quá hạn sửa 5 ngày", "Overdue by 5 days"),
    },
    "posting": {
        "most": ("Niêm yết thủ tục: còn 1 ngày", "Posting a procedure: a day left"),
        "overdue": ("Niêm yết thủ tục: quá hạn", "Posting a procedure: overdue"),
        "overdue_5": (
            "Niêm yết thủ tục: quá hạn 5 ngày",
            "Posting a procedure: overdue by 5 days",
        ),
    },
    "posting_withdrawal": {
        "most": ("Gỡ niêm yết: còn 1 ngày", "Taking down a procedure: a day left"),
        "overdue": ("Gỡ niêm yết: quá hạn", "Taking down a procedure: overdue"),
        "overdue_5": (
            "Gỡ niêm yết: quá hạn 5 ngày",
            "Taking down a procedure: overdue by 5 days",
        ),
    },
    "meeting": {
        "reminder": (
            "Còn 10 ngày làm việc để họp với các cơ quan",
            "10 working days are left to meet the agencies",
        ),
        "overdue": (
            "Quý này chưa họp với các cơ quan",
            "No meeting with the agencies this quarter",
        ),
        "overdue_5": (
            "Quá hạn họp 5 ngày làm việc",
            "The meeting is overdue by 5 working days",
        ),
    },
    "staff_posting": {
        "most": (
            "Danh sách người làm việc: còn 1 ngày để công khai",
            "List of the staff: a day is left to post it",
        ),
        "overdue": (
            "Danh sách người làm việc: quá hạn công khai",
            "List of the staff: posting is overdue",
        ),
        "overdue_5": (
            "Danh sách người làm việc: quá hạn 5 ngày",
            "List of the staff: overdue by 5 days",
        ),
    },
    "secondment_note": {
        "reminder": (
            "Còn 3 ngày làm việc để gửi nhận xét về người biệt phái",
            "3 working days are left to send the note on a seconded person",
        ),
        "overdue": (
            "Chưa gửi nhận xét về người biệt phái",
            "The note on a seconded person was not sent",
        ),
        "overdue_5": (
            "Nhận xét về người biệt phái quá hạn 5 ngày",
            "The note on a seconded person is overdue by 5 days",
        ),
    },
    "secondment_end": {
        "days_60": (
            "Còn 60 ngày đến hết thời hạn biệt phái",
            "60 days until the secondment ends",
        ),
        "days_30": (
            "Còn 30 ngày đến hết thời hạn biệt phái",
            "30 days until the secondment ends",
        ),
        "overdue": (
            "Hết thời hạn biệt phái, chưa ghi nhận kết thúc",
            "The term is over, and no end is recorded",
        ),
    },
    "petition_classify": {
        "most": ("Phân loại phản ánh: đã dùng 80 %", "Classifying a petition: 80 % used"),
        "overdue": ("Phân loại phản ánh: quá hạn", "Classifying a petition: overdue"),
        "overdue_2": (
            "Phân loại phản ánh: quá hạn 2 ngày",
            "Classifying a petition: overdue by 2 days",
        ),
    },
    "petition_answer": {
        "most": ("Trả lời phản ánh: đã dùng 80 %", "Answering a petition: 80 % used"),
        "overdue": ("Trả lời phản ánh: quá hạn", "Answering a petition: overdue"),
        "overdue_2": (
            "Trả lời phản ánh: quá hạn 2 ngày",
            "Answering a petition: overdue by 2 days",
        ),
    },
    "petition_publish": {
        "most": ("Công khai trả lời: đã dùng 80 %", "Publishing an answer: 80 % used"),
        "overdue": ("Công khai trả lời: quá hạn", "Publishing an answer: overdue"),
        "overdue_2": (
            "Công khai trả lời: quá hạn 2 ngày",
            "Publishing an answer: overdue by 2 days",
        ),
    },
    "support_assign": {
        "overdue": ("Vướng mắc chưa được phân công", "A request for support is not assigned"),
    },
    "support_resolve": {
        "most": ("Đã dùng 80 % thời gian", "80 % used"),
        "overdue": ("Vướng mắc chưa được giải quyết", "A request for support is not resolved"),
    },
    "interruption": {
        "down": ("Gián đoạn 15 phút", "Interrupted: 15 min"),
        "down_60": ("Gián đoạn 60 phút", "Interrupted: 60 min"),
        "overdue": ("Gián đoạn quá 4 giờ làm việc", "Interrupted: over 4 opening hours"),
    },
    "connection": {
        "down": ("Mất kết nối 15 phút", "Disconnected: 15 min"),
        "down_60": ("Mất kết nối 60 phút", "Disconnected: 60 min"),
        "overdue": ("Mất kết nối quá 4 giờ làm việc", "Disconnected: over 4 opening hours"),
    },
    "datarequest_reply": {
        "most": (
            "Phản hồi yêu cầu dữ liệu: đã dùng 80 %",
            "A reply to a data request: 80 % used",
        ),
        "overdue": ("Phản hồi yêu cầu dữ liệu: quá hạn", "A reply to a data request: overdue"),
        "overdue_2": (
            "Phản hồi yêu cầu dữ liệu: quá hạn 2 ngày",
            "A reply to a data request: overdue by 2 days",
        ),
    },
    "datarequest": {
        "most": (
            "Yêu cầu dữ liệu cá nhân: đã dùng 80 %",
            "A request about personal data: 80 % used",
        ),
        "overdue": (
            "Yêu cầu dữ liệu cá nhân: quá hạn",
            "A request about personal data: overdue",
        ),
        "overdue_2": (
            "Yêu cầu dữ liệu cá nhân: quá hạn 2 ngày",
            "A request about personal data: overdue by 2 days",
        ),
    },
}

COMMON_RUNGS: Final[Mapping[str, _Pair]] = {
    "promise_broken": ("Lời hẹn không được giữ", "A promise was not kept"),
}
