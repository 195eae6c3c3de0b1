"""The rules of law that motcua applies or names, each under a name of its own."""

from enum import StrEnum


class Rule(StrEnum):
    """A rule of law; where it is written, and since when, is in `table`.

    A name says what the rule demands. It never changes, whatever decree says so today.
    """

    # How a limit is counted.
    HOURS_FROM_THE_MOMENT = "hours_from_the_moment"
    FIRST_DAY_NOT_COUNTED = "first_day_not_counted"
    END_OF_LAST_DAY = "end_of_last_day"
    DAY_OFF_MOVES_THE_END = "day_off_moves_the_end"
    LIMIT_FROM_RECEIPT = "limit_from_receipt"
    LIMIT_FROM_COMPETENT_RECEIPT = "limit_from_competent_receipt"

    # What is missing, and what is refused.
    GUIDANCE_IN_ONE_GO = "guidance_in_one_go"
    SUPPLEMENT_ONCE = "supplement_once"
    SUPPLEMENT_ONCE_AT_COUNTER = "supplement_once_at_counter"
    SUPPLEMENT_NOTICE = "supplement_notice"
    LIMIT_STARTS_ANEW = "limit_starts_anew"
    CLOSED_WITHOUT_SUPPLEMENT = "closed_without_supplement"
    REFUSAL = "refusal"
    WITHDRAWAL = "withdrawal"
    ONLINE_ANSWER = "online_answer"

    # Late, early and wrong results.
    APOLOGY_AND_NEW_DATE = "apology_and_new_date"
    EARLY_RESULT = "early_result"
    WRONG_RESULT = "wrong_result"

    # Between agencies.
    CONSULTATION_LATE = "consultation_late"
    LINKED_PROCEDURES = "linked_procedures"
    OTHER_AUTHORITY = "other_authority"
    HAND_OVER = "hand_over"

    # The centre and its staff.
    RESERVE_STAFF = "reserve_staff"
    PETITIONS = "petitions"
    PETITION_HANDLING = "petition_handling"
    AGENCY_MEETING = "agency_meeting"
    SECONDED_STAFF_NOTE = "seconded_staff_note"
    STAFF_POSTED = "staff_posted"
    SECONDMENT = "secondment"
    PREMISES = "premises"
    INTERPRETING = "interpreting"
    DIRECTIVE = "directive"

    # Codes, figures, systems, personal data.
    DOSSIER_CODE = "dossier_code"
    EVALUATION = "evaluation"
    INDEX_PROGRESS = "index_progress"
    INDEX_POSTING = "index_posting"
    OUTAGE_NOTICE = "outage_notice"
    APPLICANT_CONFIRMATION = "applicant_confirmation"
    DATA_PROTECTION = "data_protection"
    DATA_REQUEST = "data_request"
