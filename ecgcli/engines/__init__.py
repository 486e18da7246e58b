"""Who answers: what models say of a recording, whichever way they run."""
