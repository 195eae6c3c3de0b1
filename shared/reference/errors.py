"""Look-ups that found nothing."""


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
