"""
Claims of a text against the records
====================================

Each statement of a narrative, what it says, what the records give, and the verdict.

Use it to check a text before it is sent off, or a text of others. A mark and a word give the
verdict; where the records cannot answer, the reason stands beside it.

Not as a judgement of the text: what cannot be checked may still be true.
"""

import peer_evidence as pe

checked = pe.check_claims(pe.load()).to_frame()
some = checked[checked.source.isin(["Repper & Carter 2011", "CADTH 2022", "Simpson & House 2002"])]
first_sentence = some.why.str.split(". ", n=1, regex=False).str[0]
ax = pe.figures.claims(some.assign(why=first_sentence))
