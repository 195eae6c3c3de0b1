"""`python -m shared.calendar.vectors`: our own engine, or another, against the vectors."""

import sys

from shared.calendar.vectors.engine import answer_vector
from shared.calendar.vectors.run import main

if __name__ == "__main__":
    sys.exit(main(own=answer_vector))
