"""Work beside the visitors: scans filed, the inbox watched, long prints drawn, the worker; what waits in memory."""
