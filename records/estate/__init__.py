"""The estate: who owns, lives and may act, how homes change hands and shape, and what their dossiers lack."""
