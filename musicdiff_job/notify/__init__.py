"""What leaves the machine after a run: notifications by Apprise, health pings, metrics for Prometheus.

Each is a sink. Their libraries are optional and imported only when there is something to say.
"""
