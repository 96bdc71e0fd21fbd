"""Acts of keeping and destroying: what is due, lists, runs, holds, the schedule and its changes."""
