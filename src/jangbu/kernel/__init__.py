"""Pure words shared by all rooms: errors, money, time, ids. Imports nothing of ours and no third party."""
