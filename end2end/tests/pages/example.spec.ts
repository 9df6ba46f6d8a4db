// What forms show as examples has to work as it stands there.

import { deliver } from "../../support/http.ts";
import { CHAT } from "../../support/peers.ts";
import { expect, test } from "../../support/pages.ts";
import { Site } from "../../support/site.ts";

test("the prompt and title that the rule form gives as examples bring the webhook's text to the model and to the job", async ({ page, open, as }) => {
  const site = await Site.empty();
  try {
    const vendor = await site.server.addVendor("acme");
    await site.server.addProvider("model", `${site.peer.url}/v1`);
    await site.server.follows();
    await as(site);
    await open(site, "/rules/new");
    const example = async (label: RegExp) => (await page.getByLabel(label).getAttribute("placeholder"))!;
    const [prompt, title] = [await example(/^Prompt/), await example(/^Title/)];
    await page.getByLabel("When this vendor").selectOption({ label: "acme" });
    await page.getByLabel("sends events of type").fill("*");
    await page.getByLabel(/^with provider/).selectOption({ label: "model" });
    await page.getByLabel(/^Prompt/).fill(prompt);
    await page.getByLabel(/^Title/).fill(title);
    await page.getByRole("button", { name: "Add rule" }).click();
    await expect(page).toHaveURL(/\/rules\?added/);
    await site.server.follows();
    await deliver(vendor, { more: { data: { id: "tide-1", text: "The tide turns at noon.", title: "Noon tide" } } });
    const [job] = await site.server.jobsIn("succeeded", 1);
    expect((await site.peer.requests(CHAT))[0]!.body).toContain("The tide turns at noon.");
    const story = await site.server.cli<any>(["jobs", "show", job.id]);
    expect(story.chapters[0].result.title).toBe("Noon tide");
  } finally {
    await site.stop();
  }
});

test("a job whose title template finds nothing can still be named and opened", async ({ page, open, as, faults }) => {
  const site = await Site.empty();
  try {
    const vendor = await site.server.addVendor("acme");
    await site.server.addProvider("model", `${site.peer.url}/v1`);
    await site.server.addWordpress("site", site.peer.url);
    await site.server.cli(["rule", "add", "--vendor", "acme", "--type", "*", "--job", "generate", "--provider", "model",
      "--destination", "site", "--title", "{{ data.no.such }}"]);
    await site.server.follows();
    await deliver(vendor);
    await site.server.jobsIn("succeeded", 2);
    await as(site);
    await open(site, "/jobs");
    const names = await page.getByRole("rowheader").getByRole("link").allInnerTexts();
    expect(names).toHaveLength(2);
    expect(names.filter((name) => name.trim() === "")).toEqual([]);
    expect(faults.unexpected).toEqual([]);
  } finally {
    await site.stop();
  }
});
