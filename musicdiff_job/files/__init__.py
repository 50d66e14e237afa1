"""Files as the target of a sync: each playlist as JSPF, M3U8 and CSV in one folder, for backups and for git.

``names`` are file names that every file system takes, ``jspf`` is the document that the job reads again, ``renditions``
are the other two, ``folder`` keeps the three together, ``target`` is what the job sees.
"""
