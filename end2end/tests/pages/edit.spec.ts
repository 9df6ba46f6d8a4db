// Running a job again with something changed, by page and by command: the first stays as it is, the post is updated.

import { deliver } from "../../support/http.ts";
import { CHAT, INGEST } from "../../support/peers.ts";
import { expect, expectWrong, test } from "../../support/pages.ts";
import { Site, form } from "../../support/site.ts";

let site: Site;
let vendor: { url: string; secret: string };

test.beforeEach(async ({ as }) => {
  site = await Site.empty();
  vendor = await site.server.setUp(site.peer.url);
  await as(site);
});
test.afterEach(() => site.stop());

const jobOf = async (id: string) => {
  const story = await site.server.cli<any>(["jobs", "show", id]);
  return story.chapters.find(({ job }: any) => job.id === id).job;
};
const asked = async () => (await site.peer.requests(CHAT)).map(({ body }) => JSON.parse(body));
const ingests = () => site.peer.requests(INGEST);

/** The job that asked the model, once both it and its post are done. */
async function written() {
  await deliver(vendor, { type: "story.ready", subject: "tide-table" });
  const done = await site.server.jobsIn("succeeded", 2);
  return { wrote: done.find(({ kind }) => kind === "generate"), published: done.find(({ kind }) => kind === "publish") };
}

test("a job is edited on its page and run again as a new one, which updates the post", async ({ page, open, ready }) => {
  const { wrote, published } = await written();
  const before = await jobOf(wrote.id);
  await open(site, `/jobs/${published.id}`);
  await page.getByRole("link", { name: "Edit and run again" }).click();
  await ready();
  await expect(page.getByText("Nothing of this job can be changed")).toBeVisible();
  await page.getByRole("link", { name: "Edit the job that wrote it" }).click();
  await ready();
  await expect(page).toHaveURL(`${site.url}/jobs/${wrote.id}/edit`);
  await expect(page.getByText("The post on site is updated, not doubled")).toBeVisible();
  await expect(page.getByText("which is a new paid call")).toBeVisible();
  await expect(page.getByLabel(/^Prompt/)).toHaveValue("Say something about {{ data.data.id }}.");
  await page.getByLabel(/^Prompt/).fill("Say it shorter: {{ event.type }}");
  await page.getByLabel(/^System prompt/).fill("Rhyme about {{ vendor }}.");
  await page.getByLabel(/^Model/).fill("other-model");
  await page.getByLabel(/^Longest answer/).fill("77");
  await page.getByRole("button", { name: "Run again as a new job" }).click();
  await page.waitForURL((url) => /\/jobs\/job_[0-9a-f]{32}$/.test(url.pathname));
  await ready();
  const id = page.url().split("/").pop()!;
  expect(id).not.toBe(wrote.id);
  await expect(page.getByText("Edited copy of job")).toBeVisible();
  await site.server.jobsIn("succeeded", 4);

  const [first, again] = await asked();
  expect(again).toMatchObject({ model: "other-model", max_tokens: 77 });
  expect(JSON.stringify(again.messages)).toContain("Say it shorter: story.ready");
  expect(again.messages[0]).toEqual({ role: "system", content: "Rhyme about acme." });
  expect(first.messages.every(({ role }: any) => role === "user"), "it was told nothing of the kind").toBe(true);
  expect(first.model).toBe("fixed");
  // The far side sees another operation on the same post.
  const [one, two] = await ingests();
  expect(JSON.parse(two!.body).external_id).toBe(JSON.parse(one!.body).external_id);
  expect(two!.headers["idempotency-key"]).not.toBe(one!.headers["idempotency-key"]);
  expect([one!.status, two!.status], "created, then updated").toEqual([201, 200]);
  expect(await jobOf(wrote.id), "the first is as it was").toEqual(before);

  await open(site, `/jobs/${wrote.id}`);
  await expect(page.getByText("Run again, edited, as job")).toBeVisible();
  await page.getByRole("note").getByRole("link").click();
  await expect(page).toHaveURL(`${site.url}/jobs/${id}`);
  const [audit] = (await site.server.database.sql("select actor || '|' || detail from audit_log where action = 'job.edit'")).trim().split("\n");
  expect(audit).toBe(`owner@example.test|as ${id}: prompt, system prompt, model, longest answer changed`);
});

test("what cannot be used is said at its field, and nothing runs", async ({ page, open, ready, faults }) => {
  faults.allow(/\/ui\/job\/edit/);
  const { wrote } = await written();
  for (const [label, value, words] of [
    [/^Prompt/, "{{ event.", "This template cannot be read"],
    [/^Title/, "{% if %}", "This template cannot be read"],
    [/^Longest answer/, "0", "This is not a valid token limit"],
    [/^Model/, "m".repeat(300), "too long"],
  ] as const) {
    await open(site, `/jobs/${wrote.id}/edit`);
    await page.getByLabel(label).fill(value);
    await page.getByRole("button", { name: "Run again as a new job" }).click();
    await expectWrong(page, label, words);
    await ready();
  }
  await page.getByRole("link", { name: "Cancel" }).click();
  await expect(page).toHaveURL(`${site.url}/jobs/${wrote.id}`);
  expect(await site.server.jobs()).toHaveLength(2);
});

test("the command edits one part and leaves the others, and refuses what cannot be edited", async () => {
  const { wrote, published } = await written();
  const shown = await site.server.cli<any>(["jobs", "edit", wrote.id, "--title", "Tide of {{ event.type }}", "--dry-run"]);
  expect(shown).toMatchObject({ pays: true, ask: { prompt: "Say something about {{ data.data.id }}.", title: "Tide of {{ event.type }}" } });
  expect(await site.server.jobs()).toHaveLength(2);
  const made = await site.server.cli<any>(["jobs", "edit", wrote.id, "--title", "Tide of {{ event.type }}"]);
  expect(made.origin).toBe(wrote.id);
  await site.server.jobsIn("succeeded", 4);
  const [one, two] = (await ingests()).map(({ body }) => JSON.parse(body));
  expect([two.title, two.external_id]).toEqual(["Tide of story.ready", one.external_id]);
  await site.server.cli(["jobs", "edit", published.id, "--title", "x"], { code: 2 });
  await site.server.cli(["jobs", "edit", wrote.id, "--body", "{}"], { code: 2 });
  await site.server.cli(["jobs", "edit", wrote.id, "--template", "{{ x."], { code: 2 });
  await site.peer.fails({ path: "/v1", status: 429, retry_after: 3000 });
  await deliver(vendor, { type: "story.waits" });
  const [waits] = await site.server.jobsIn("pending", 1);
  await site.server.cli(["jobs", "edit", waits.id, "--title", "x"], { code: 1 });
});

test("an editor sees the relatives and can edit nothing; another tenant sees nothing", async ({ page, open, as, faults }) => {
  faults.allow(/403/, /404/);
  const { wrote } = await written();
  await site.server.cli(["jobs", "edit", wrote.id, "--model", "other"]);
  const editor = await site.person("editor@example.test", "editor");
  await as(site, editor);
  await open(site, `/jobs/${wrote.id}`);
  await expect(page.getByText("Run again, edited, as job")).toBeVisible();
  await expect(page.getByRole("link", { name: "Edit and run again" })).toHaveCount(0);
  await open(site, `/jobs/${wrote.id}/edit`);
  await expect(page.getByRole("button", { name: "Run again as a new job" })).toHaveCount(0);
  const post = async (who: Parameters<Site["cookie"]>[0]) =>
    (await form(`${site.url}/ui/job/edit`, { id: wrote.id, prompt: "x" }, { cookie: await site.cookie(who), accept: "application/json" })).status;
  expect(await post(editor)).toBe(403);
  await site.server.cli(["tenant", "add", "north"]);
  expect(await post(await site.person("north@example.test", "admin", "north"))).toBe(404);
});
