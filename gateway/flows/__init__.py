"""Flow files and prompts on disk: drafts, published versions, drawings, reference tables."""
