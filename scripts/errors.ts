/** The page of every error code, made from the catalogues in the sources. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { KINDS, type ErrorCatalogue } from '../src/core/error.ts'
import { ROOT } from './project.ts'

const CATALOGUE = /^export const ([A-Z][A-Z0-9_]*_ERRORS)\b/gm

interface Found {
  readonly file: string
  readonly catalogue: ErrorCatalogue
}

/** @throws Error when two catalogues have a code of the same name: a code has one meaning */
export async function errorsPage(): Promise<string> {
  const found = await catalogues()
  const seen = new Map<string, string>()
  for (const { file, catalogue } of found) {
    for (const code of Object.keys(catalogue)) {
      const before = seen.get(code)
      if (before !== undefined) throw new Error(`the error code ${code} is in ${before} and in ${file}`)
      seen.set(code, file)
    }
  }
  return [
    '# Error codes',
    '',
    '<!-- written by `npm run docs`; change the catalogue in the file named instead -->',
    '',
    'A code never changes its meaning. Every error also says what happened and what to do about it. A refusal by policy',
    'is not an error: it is an answer, with the rule that gave it.',
    '',
    '| Kind | HTTP status | Exit code |',
    '| --- | --- | --- |',
    ...Object.entries(KINDS).map(([kind, { http, exit }]) => `| ${kind} | ${http} | ${exit} |`),
    '| a bug in Warder | 500 | 1 |',
    '',
    ...found.flatMap(section),
  ].join('\n')
}

function section({ file, catalogue }: Found): string[] {
  return [
    `## ${file}`,
    '',
    '| Code | Kind | Meaning |',
    '| --- | --- | --- |',
    ...Object.entries(catalogue).map(([code, { kind, meaning }]) => `| \`${code}\` | ${kind} | ${meaning} |`),
    '',
  ]
}

async function catalogues(): Promise<Found[]> {
  const files = globSync('src/**/*.ts', { cwd: ROOT }).filter((file) => !file.endsWith('.test.ts'))
  const found: Found[] = []
  for (const file of files.toSorted()) {
    const names = [...readFileSync(join(ROOT, file), 'utf8').matchAll(CATALOGUE)].map(([, name = '']) => name)
    if (names.length === 0) continue
    const module: Readonly<Record<string, unknown>> = await import(pathToFileURL(join(ROOT, file)).href)
    found.push(...names.map((name) => ({ file, catalogue: module[name] as ErrorCatalogue })))
  }
  return found
}
