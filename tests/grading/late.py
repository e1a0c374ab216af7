"""A late-submission plug-in of nbgrader's, named in a test's configuration."""

from nbgrader.plugins import BasePlugin


class HalfOff(BasePlugin):
    """Take half of the score from whoever is late."""

    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return score / 2
