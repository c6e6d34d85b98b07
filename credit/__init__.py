"""Credit: facts about parties from 信用中国 and other lists: import, check, evidence; never silently clean."""
