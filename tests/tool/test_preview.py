"""What a preview lists: each file of the team's, and of Lockstep's own only a number where they are many."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "template" / "updating"))

from lockstep_tool.updating.preview import by_folder


def test_rooms_that_move_together_are_counted_and_others_are_named() -> None:
    rooms = [f"src/lockstep/serve/{name}.py" for name in "abcdef"]
    others = ["src/lockstep/drain.py", *(f"docs/{name}.md" for name in "abcdef")]

    assert list(by_folder([*rooms, *others], "{}")) == ["src/lockstep/serve: 6 files", *others]
