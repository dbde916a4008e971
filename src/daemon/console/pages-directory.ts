import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where the build puts the pages: beside this file when installed. */
export const PAGES_DIRECTORY = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../../dist/console/' : './console/', import.meta.url),
)

export function arePagesBuilt(directory = PAGES_DIRECTORY): boolean {
  return existsSync(join(directory, 'index.html'))
}
