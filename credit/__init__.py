"""Credit: facts about parties from 信用中国 and other lists: import, check, evidence; a check is never silently clean."""
