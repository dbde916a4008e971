import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { accessSync, constants, readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { selfSignedCertificate } from '../../src/enforce/egress/tls/certificate.ts'
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

/** Gives a page an authenticator of its own, whose person is there and was verified. */
export async function virtualAuthenticator(page: Page): Promise<void> {
  const line = await page.context().newCDPSession(page)
  await line.send('WebAuthn.enable')
  await line.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      ...{ protocol: 'ctap2', transport: 'internal', automaticPresenceSimulation: true },
      ...{ hasResidentKey: true, hasUserVerification: true, isUserVerified: true },
    },
  })
}

/**
 * Leads a page to another server on this host and has that one ask for a passkey.
 *
 * @param options what the console asks for, word for word
 * @returns what the browser showed to it
 */
export async function foreignPage(
  t: { after(fn: () => void): void },
  page: Page,
  options: unknown,
): Promise<Readonly<Record<string, unknown>>> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const cert = selfSignedCertificate({
    ...{ name: 'a stranger', hosts: ['localhost'], serial: Buffer.from([1]), key: privateKey, publicKey },
    ...{ fromMs: Date.now() - 60_000, untilMs: Date.now() + 3_600_000 },
  })
  const server = createServer(
    { key: privateKey.export({ format: 'pem', type: 'pkcs8' }), cert },
    (_asked, answer) =>
      answer.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>a stranger</title>'),
  ).listen(0, '127.0.0.1')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  await once(server, 'listening')
  await page.goto(`https://localhost:${(server.address() as AddressInfo).port}/`)
  return await page.evaluate<Readonly<Record<string, unknown>>>(`(async () => {
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(${JSON.stringify(options)})
    return (await navigator.credentials.get({ publicKey })).toJSON()
  })()`)
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
