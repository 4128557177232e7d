"""Services that live: made from an old version, edited for years, asked again, updated, and looked at for what was lost."""
