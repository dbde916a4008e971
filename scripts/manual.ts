/** The command line's pages, made from the commands themselves. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { loadAll } from '../src/cli/command.ts'
import { COMMANDS } from '../src/cli/commands/index.ts'
import { manPages } from '../src/cli/man.ts'
import { cliReference } from '../src/cli/reference.ts'

/** docs/cli.md */
export async function commandsPage(): Promise<string> {
  return cliReference(await loadAll(COMMANDS))
}

/** Writes the man pages, which are shipped and not committed; returns how many. */
export async function writeManPages(folder = 'man'): Promise<number> {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
  const pages = manPages(await loadAll(COMMANDS), version)
  rmSync(folder, { recursive: true, force: true })
  for (const { file, text } of pages) {
    const path = join(folder, file)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
  return pages.length
}
