import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { accessSync, constants, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import type { Owner } from './owner.ts'

const SERVER = fileURLToPath(new URL('browser-server.ts', import.meta.url))
/** Where Debian has it. */
const CHROMIUM = '/usr/bin/chromium'

/** Why no page can be looked at here; undefined where one can. */
export function whyNoBrowser(): string | undefined {
  try {
    accessSync(CHROMIUM, constants.X_OK)
    return undefined
  } catch {
    return `there is no ${CHROMIUM}; Debian: apt-get install chromium`
  }
}

/**
 * Playwright says what went wrong through a library that sets `__proto__`, which this process throws at. The program
 * under test is another process; here the accessor of the language is put back, so that a failure can be read.
 */
function letPlaywrightSpeak(): void {
  Object.defineProperty(Object.prototype, '__proto__', {
    configurable: true,
    get(this: object) {
      return Object.getPrototypeOf(this) as unknown
    },
    set(this: object, value: object | null) {
      Object.setPrototypeOf(this, value)
    },
  })
}

/** A browser without a screen. @param more arguments of Chromium's */
export async function browser(
  t: { after(fn: () => Promise<void> | void): void },
  ...more: readonly string[]
): Promise<Browser> {
  const child = spawn(process.execPath, [SERVER, CHROMIUM, ...more], { stdio: ['pipe', 'pipe', 'inherit'] })
  t.after(() => void child.stdin.end())
  letPlaywrightSpeak()
  const { chromium } = await import('playwright-core')
  for await (const line of createInterface({ input: child.stdout })) {
    const opened = await chromium.connect(line)
    t.after(() => opened.close())
    return opened
  }
  throw new Error('the browser did not start')
}

export interface Visit {
  readonly page: Page
  /** What the page complained of: errors of its own, and all that its policy refused. */
  readonly complaints: readonly string[]
}

export interface Looks {
  readonly width?: number
  readonly height?: number
  readonly theme?: 'light' | 'dark'
}

/** Long, for a machine that does much else; what comes sooner is not waited for. */
const WAIT_MS = 45_000

/** A window of its own: no other one's cookies. */
export async function visit(
  by: Browser,
  { width = 1280, height = 800, theme = 'light' }: Looks = {},
): Promise<Visit> {
  const context = await by.newContext({
    ignoreHTTPSErrors: true,
    viewport: { width, height },
    colorScheme: theme,
    reducedMotion: 'reduce',
  })
  context.setDefaultTimeout(WAIT_MS)
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    // an answer that says no is shown on the page, and is no fault of it
    if (message.type() === 'error' && !/^Failed to load resource/.test(message.text()))
      complaints.push(message.text())
  })
  return { page, complaints }
}

/** Turns the console on. @returns where it is, and a link that logs in once */
export async function openConsole(me: Owner): Promise<{ readonly url: string; link(): Promise<string> }> {
  const { url } = await me.call('consoleOpen', { port: 0 })
  assert.ok(url !== undefined, 'the console is on')
  return { url, link: async () => (await me.call('consoleLink', {})).url }
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

interface AxeResult {
  readonly violations: readonly {
    readonly id: string
    readonly help: string
    readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[]
  }[]
}

/** What axe-core finds wrong with the page as it stands, one line each. @param only single rules, instead of all */
export async function accessibilityProblems(page: Page, only?: readonly string[]): Promise<string[]> {
  await page.evaluate(AXE)
  const { violations } = await page.evaluate<AxeResult>(
    `axe.run(document, { runOnly: ${JSON.stringify(only ?? RULES)} })`,
  )
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(
      ({ html, failureSummary = '' }) =>
        `${id}: ${help}: ${html.slice(0, 200)} ${failureSummary.slice(0, 300)}`,
    ),
  )
}
