"""How far the answer depends on single studies, on their order and on chance."""
