"""Awards: candidates, publicity, objections, award, and the self-verifying archive 一标一档."""
