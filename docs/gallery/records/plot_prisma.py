"""
PRISMA flow diagram
===================

The flow of studies through a review, from the search to what is included.

Use it in every systematic review. Boxes without counts are left out; counts that do not add up
are an error, which names them.

Not for a review that did not count: nothing is filled in. Page et al. 2021, BMJ 372:n71, doi
10.1136/bmj.n71.
"""

import peer_evidence as pe

found = {"database_results": 312, "register_results": 14, "duplicates": 41}  # all invented
screened = {"records_screened": 285, "records_excluded": 240}
reports = {"dbr_sought_reports": 45, "dbr_notretrieved_reports": 2, "dbr_assessed": 43}
included = {"dbr_excluded": 28, "new_studies": 12, "new_reports": 15}
ax = pe.figures.prisma({**found, **screened, **reports, **included})
