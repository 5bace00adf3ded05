import { Uploader, humanBytes } from "..";

function makeUploader(quota: number) {
  const session = { quotaLeft: () => quota, headers: () => ({}) };
  return new Uploader(session as never, () => undefined);
}

test("a file larger than the quota is refused", () => {
  expect(() => makeUploader(10).enqueue(new File(["x".repeat(11)], "large"))).toThrow(RangeError);
});

test("uploads are resumed after a pause", () => {
  const uploader = makeUploader(100);
  uploader.pause();
  uploader.enqueue(new File(["abc"], "small"));
  uploader.resume();
});

test("bytes are formatted for humans", () => {
  expect(humanBytes(1536)).toBe("1.5 KB");
});
