"""Files for the schedulers that start the job, made from templates and from what the job knows of itself.

``schedule`` reads one notation of time, cron's, and writes it as every scheduler wants it. ``limits`` holds what a
scheduler has to know of the job: which statuses a retry cannot help, how long a run may take until it is certainly
over. ``values`` are what a user may fill in, ``kinds`` the schedulers, ``rendering`` makes the files. The folders
``cron``, ``k8s`` and ``deploy`` of the repository are what comes out with the default values.
"""
