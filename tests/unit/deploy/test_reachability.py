"""`motcua reachability` prints what is missing, and counts it."""

from deploy.cli.reachability import gaps_in, lines_of

WELL = {
    "units": [
        {
            "unit": "06112",
            "name": "Xã Bình Gia",
            "seats": [{"role": "director", "persons": ["p-1"], "why": None}],
            "passed_over": [],
            "dead_ends": 0,
        }
    ]
}
REACHED = {
    "persons": [
        {
            "person": "p-1",
            "unit": "06112",
            "role": "director",
            "channels": ["email"],
            "why": None,
        }
    ],
    "unreached": 0,
    "endpoints_disabled": [],
}


def test_what_is_well_is_one_line() -> None:
    """Nobody reads a list of what is as it should be."""
    assert list(lines_of(WELL, REACHED)) == ["1 units, 0 gaps"]
    assert gaps_in(WELL, REACHED) == 0


def test_empty_seats_and_unreached_people_are_named() -> None:
    """With who would hear instead."""
    seats = {
        "units": [
            {
                "unit": "06112",
                "name": "Xã Bình Gia",
                "seats": [{"role": "chairman", "persons": [], "why": "vacant"}],
                "passed_over": [
                    {
                        "kind": "dossier_deadline",
                        "rung": "overdue",
                        "role": "chairman",
                        "heard_by": "province",
                        "persons": ["p-20"],
                    }
                ],
                "dead_ends": 0,
            }
        ]
    }
    persons = {
        "persons": [
            {
                "person": "p-1",
                "unit": "06112",
                "role": "director",
                "channels": [],
                "why": "no_contact",
            }
        ],
        "unreached": 1,
        "endpoints_disabled": ["desk"],
    }
    assert list(lines_of(seats, persons)) == [
        "06112 Xã Bình Gia: chairman vacant",
        "  dossier_deadline overdue: chairman → province",
        "06112 director p-1: no_contact",
        "webhook desk: it stopped taking messages (410)",
        "1 units, 2 gaps",
    ]
    assert gaps_in(seats, persons) == 2
