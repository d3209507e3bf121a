"""What the folders of venues share: everything between the host's protocol and a venue's own words."""
