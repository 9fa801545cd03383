import { gunzipSync } from "node:zlib";
import { unpackTar } from "modern-tar";
import { describe, expect, test } from "vitest";
import { decompress, readTar } from "../../src/readers/files/archive.js";
import { takeSnapshot } from "../../src/writers/snapshot/snapshot.js";
import { directoryTree } from "../../src/readers/files/node-directory.js";
import type { FileTree } from "../../src/readers/files/file-tree.js";
import { captureFile, captureNames, REAL, realFile } from "../readers/fixtures.js";
import { page, table } from "./pages.js";

const PATTERNS = table(page("docs/snapshot.md"), "files", "what they show").flatMap(([files]) =>
  files!.split(/, (?![^{]*\})(?:or else )?/).map((glob) => ({ glob, matcher: matcherOf(glob) })),
);

/** `*`: one name; `**`: any number of them; `{a,b}`: either. */
function matcherOf(glob: string): RegExp {
  const pattern = glob.replace(/\/\*\*\/|\/\*\*|\*|\{|\}|,|[.+]/g, (sign) => {
    switch (sign) {
      case "/**/":
        return "/(?:.*/)?";
      case "/**":
        return "/.*";
      case "*":
        return "[^/]*";
      case "{":
        return "(?:";
      case "}":
        return ")";
      case ",":
        return "|";
      default:
        return `\\${sign}`;
    }
  });
  return new RegExp(`^${pattern}/?$`);
}

/** Files, links and directories that hold nothing, which are there for their names. */
async function leavesOf(tree: FileTree, name: string): Promise<string[]> {
  const { archive } = await takeSnapshot(tree, name);
  const names = (await unpackTar(gunzipSync(archive), { strict: true })).map(({ header }) =>
    header.name.replace("peerlane-snapshot/", ""),
  );
  return names.filter((path, index) => path !== "" && !(path.endsWith("/") && names[index + 1]?.startsWith(path)));
}

describe("the page on snapshots", () => {
  test("its table has every file that there is in one", async () => {
    const leaves = new Set<string>();
    for (const capture of captureNames()) {
      const packed = captureFile(capture, "snapshot.tar.gz");
      const tree = await readTar(await decompress(packed, "gzip", capture), capture);
      for (const leaf of await leavesOf(tree, capture)) leaves.add(leaf);
    }
    if (REAL !== null) {
      const path = "hwloc-sysfs/32em64t-2n8c+dax+nvme+mic+dimms.tar.bz2";
      const tree = await readTar(await decompress(realFile(path), "bzip2", path), path);
      for (const leaf of await leavesOf(tree, path)) leaves.add(leaf);
    }
    const here = directoryTree("/");
    if (here.isDirectory("sys/bus/pci/devices")) {
      for (const leaf of await leavesOf(here, "this machine")) leaves.add(leaf);
    }
    const files = [...leaves];
    expect(files.length).toBeGreaterThan(1000);
    // A directory without anything in it says that there is nothing of the kind.
    const unlisted = files.filter((file) => !file.endsWith("/") && !PATTERNS.some(({ matcher }) => matcher.test(file)));
    expect(unlisted).toEqual([]);
  });
});
