"""What people touch: pages, commands, the worker; decides little and opens every transaction."""
