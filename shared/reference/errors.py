"""Look-ups that found nothing, and approvals that may not be."""


class UnknownReferenceError(LookupError):
    """The reference data has no such row."""


class UnknownUnitError(UnknownReferenceError):
    """There is no such unit."""

    def __init__(self, unit: str) -> None:
        super().__init__(f"no unit {unit} in the reference data")
        self.unit = unit


class UnknownProcedureError(UnknownReferenceError):
    """There is no such procedure in the catalogue."""

    def __init__(self, procedure: str) -> None:
        super().__init__(f"no procedure {procedure} in the catalogue")
        self.procedure = procedure


class NoRuleError(UnknownReferenceError):
    """No rule row says how long this may take."""


class NoCalendarError(UnknownReferenceError):
    """No calendar has been published yet."""


class ApprovalRefusedError(ValueError):
    """A change was not approved by a second person, or is not the one that was proposed."""

    def __init__(self, rule: str, detail: str, remedy: str) -> None:
        super().__init__(f"{detail} ({rule}). {remedy}")
        self.rule = rule
        self.detail = detail
        self.remedy = remedy
