"""x"""
from tests.experts.story import Story
def test_all(story: Story) -> None:
    story.to_delivered()
    with story.platform.reading() as s:
        c=story.committee(s)
        print(c.result["ranking"], c.result["price"], c.report_sha256)
        open("/tmp/sb/panel-report.pdf","wb").write(story.platform.store.read(c.report_sha256))
