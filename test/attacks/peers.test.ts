import assert from 'node:assert/strict'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { assertRan, boxes } from '../kit/box.ts'
import { configure } from '../kit/owner.ts'

// What users of other sandboxes were promised for files: allows, denies, patterns, links, names that are not there yet.

const { house, sh } = boxes({ after })
const MARK = 'mark-77e0-of-the-secret'

/** A project with these files in it; a name that ends in a slash is a directory. */
function project(name: string, ...paths: readonly string[]): string {
  const workspace = mkdtempSync(join(house.home, `${name}-`))
  for (const path of paths) {
    const at = join(workspace, path)
    mkdirSync(path.endsWith('/') ? at : dirname(at), { recursive: true })
    if (!path.endsWith('/')) writeFileSync(at, `${MARK} ${path}\n`)
  }
  return workspace
}

const tree = {
  locked: project('locked', 'config/production.json', 'config/own.json', 'vault/deep/a.txt', 'free.txt'),
  unmade: project('unmade', 'here/'),
  hidden: project('hidden', '.env', 'app/.env', 'app/api/.env', 'app/readme.md', 'secrets/deep/key', 'a.pem'),
  linked: project('linked', 'real/kept.txt', 'real/other.txt'),
  narrow: project('narrow', 'private/public/page.txt', 'page.txt'),
}

before(() => {
  symlinkSync('real/kept.txt', join(tree.linked, 'alias'))
  symlinkSync('real', join(tree.linked, 'way'))
  const rule = (agent: string, ...capabilities: readonly string[]) =>
    `  - {id: ${agent}, agents: [${agent}], effect: deny, capabilities: ${JSON.stringify(capabilities)}, reason: a test}\n`
  configure(
    house,
    'policy.yaml',
    [
      'version: 1\nrules:\n',
      rule('locked', `fs:write:${tree.locked}/config/production.json`, `fs:write:${tree.locked}/vault/**`),
      rule('unmade', `fs:write:${tree.unmade}/here/later.json`, `fs:write:${tree.unmade}/soon/**`),
      rule(
        'hidden',
        `fs:read:${tree.hidden}/secrets/**`,
        `fs:read:${tree.hidden}/**/.env`,
        `fs:read:${tree.hidden}/*.pem`,
      ),
      rule('linked', `fs:read:${tree.linked}/real/kept.txt`),
      rule('link-writer', `fs:write:${tree.linked}/way/kept.txt`),
      rule('narrow', `fs:*:${tree.narrow}/private/**`),
      `  - {id: opener, agents: [narrow], effect: allow, capabilities: ["fs:read:${tree.narrow}/private/public/**"], reason: a test}\n`,
    ].join(''),
  )
})

test('writing works all the way down in the workspace, and nowhere around it', async () => {
  const workspace = project('around', 'a.txt')
  const beside = project('beside', 'a.txt')
  const result = await sh(
    `mkdir -p one/two/three && echo deep > one/two/three/f && mv one/two uno && rm a.txt && echo new > a.txt
     for at in .. ${beside} ${house.home} /etc /usr/lib /var /opt /boot; do (echo x > $at/planted) 2>/dev/null && echo "in $at"; done
     echo evil >> ${beside}/a.txt; cat uno/three/f`,
    { workspace },
  )
  // what stands above the workspace is the sandbox's own, in memory: writing there must not reach the disk
  assert.equal(result.code, 0, result.stderr)
  assert.match(result.stdout, /^deep$/m)
  assert.doesNotMatch(result.stdout, /in \/(etc|usr|var|opt|boot)|in .*beside/)
  assert.equal(readFileSync(join(workspace, 'uno/three/f'), 'utf8'), 'deep\n')
  assert.deepEqual(readdirSync(beside), ['a.txt'])
  assert.equal(readFileSync(join(beside, 'a.txt'), 'utf8'), `${MARK} a.txt\n`)
  assert.ok(!existsSync(join(house.home, 'planted')))
})

test('where nothing may be written, no call writes: not append, cut, rename, link, mode or time', async () => {
  const workspace = project('still', 'a.txt', 'dir/b.txt')
  const before = lstatSync(join(workspace, 'a.txt'))
  const result = await sh(
    `for try in 'echo x > new' 'echo x >> a.txt' ': > a.txt' 'rm a.txt' 'rm -rf dir' 'mv a.txt b' 'ln a.txt c' 'ln -s a d' 'mkdir e' 'chmod 777 a.txt' 'touch -d 2001-01-01 a.txt' 'truncate -s 0 a.txt' 'cp a.txt z' 'mkfifo p'; do
       (eval "$try") 2>/dev/null && echo "did $try"; done; cat dir/b.txt`,
    { workspace, profile: 'tool-minimal' },
  )
  assertRan(result, new RegExp(`^${MARK} dir/b.txt$`))
  const since = lstatSync(join(workspace, 'a.txt'))
  assert.deepEqual([since.mtimeMs, since.mode, since.size], [before.mtimeMs, before.mode, before.size])
  assert.deepEqual(readdirSync(workspace).sort(), ['a.txt', 'dir'])
})

test('a deny within a writable tree wins: the file, its directory and its parents stay as they are', async () => {
  const result = await sh(
    `echo evil > config/production.json; rm -f config/production.json; mv config/production.json x; ln -f free.txt config/production.json; cp free.txt config/production.json
     mv config away && echo MOVED; rm -rf config; echo evil > vault/deep/a.txt; touch vault/new; rm -rf vault; mv vault other && echo MOVED; mv vault/deep here && echo MOVED
     echo ok > config/fresh.json; echo mine > free.txt; cat free.txt config/production.json vault/deep/a.txt config/fresh.json`,
    { workspace: tree.locked, agent: 'locked' },
  )
  assertRan(result, new RegExp(`^mine\n${MARK} config/production.json\n${MARK} vault/deep/a.txt\nok$`))
  const kept = (path: string): string => readFileSync(join(tree.locked, path), 'utf8')
  assert.equal(kept('config/production.json'), `${MARK} config/production.json\n`)
  assert.deepEqual(readdirSync(join(tree.locked, 'vault')), ['deep'])
  assert.equal(kept('config/fresh.json'), 'ok\n', 'what lies beside it is the agent’s')
})

test('the same tree is open to an agent the deny does not name', async () => {
  const workspace = project('open', 'config/production.json')
  const result = await sh(`echo mine > config/production.json; cat config/production.json`, {
    workspace,
    agent: 'somebody-else',
  })
  assertRan(result, /^mine$/)
})

test('a denied name that is not there yet cannot be made, and nothing is left in its place', async () => {
  const result = await sh(
    `echo evil > here/later.json; mkdir here/later.json; mv here gone && echo MOVED; ln -s /tmp here/later.json
     mkdir soon; echo evil > soon/file; mkdir -p soon/deep; mv here/x soon; echo ok > here/else && cat here/else`,
    { workspace: tree.unmade, agent: 'unmade' },
  )
  assertRan(result, /^ok$/)
  assert.deepEqual(readdirSync(tree.unmade), ['here'])
  assert.deepEqual(readdirSync(join(tree.unmade, 'here')), ['else'])
})

test('what may not be read is shut by name, by directory and by pattern, at every depth', async () => {
  const result = await sh(
    `cat .env app/.env app/api/.env a.pem secrets/deep/key; ls secrets; grep -rs ${MARK.slice(0, 7)} . | grep -v readme
     cp -r secrets copy 2>/dev/null; cat copy/deep/key; mv secrets open && echo MOVED; mv .env env; cat env; ln a.pem b.pem; cat b.pem; cat app/readme.md`,
    { workspace: tree.hidden, agent: 'hidden' },
  )
  assertRan(result, new RegExp(`^${MARK} app/readme.md$`))
  assert.equal(readFileSync(join(tree.hidden, 'app/api/.env'), 'utf8'), `${MARK} app/api/.env\n`)
})

test('what a pattern cannot cover is said before anything runs', async () => {
  const { stdout } = await house.command(
    ['sandbox', 'explain', '--agent', 'hidden', '--workspace', tree.hidden],
    { cwd: tree.hidden },
  )
  assert.match(stdout, /hidden\S* denies \S*\*\*\/\.env: kept for what is there at the start/)
})

test('an allow within a denied tree opens nothing: the deny wins, for reading too', async () => {
  const result = await sh(`cat private/public/page.txt; ls private; cat page.txt`, {
    workspace: tree.narrow,
    agent: 'narrow',
  })
  assertRan(result, new RegExp(`^${MARK} page.txt$`))
})

test('a deny follows links: another name for the file, and a way through a linked directory, are shut as well', async () => {
  const result = await sh(
    `cat alias way/kept.txt real/kept.txt; ln -s real/kept.txt more; cat more; ln real/kept.txt hard; cat hard; cat way/other.txt`,
    { workspace: tree.linked, agent: 'linked' },
  )
  assertRan(result, new RegExp(`^${MARK} real/other.txt$`))
})

test('a write-deny through a linked directory holds where the file really is', async () => {
  await sh(`echo evil > way/kept.txt; echo evil > real/kept.txt; echo evil > alias; rm real/kept.txt`, {
    workspace: tree.linked,
    agent: 'link-writer',
  })
  assert.equal(readFileSync(join(tree.linked, 'real/kept.txt'), 'utf8'), `${MARK} real/kept.txt\n`)
})

test('a write goes where its link leads: inside it works, outside it does not, and dangling links make nothing', async () => {
  const workspace = project('boundary', 'inner.txt')
  const outside = project('outside', 'kept.txt')
  symlinkSync('inner.txt', join(workspace, 'in'))
  symlinkSync(join(outside, 'kept.txt'), join(workspace, 'out'))
  symlinkSync(join(outside, 'absent.txt'), join(workspace, 'dangling'))
  symlinkSync(outside, join(workspace, 'door'))
  symlinkSync('loop', join(workspace, 'loop'))
  const result = await sh(
    `echo evil > out; echo evil > dangling; echo evil > door/new; cat door/kept.txt; ls door/; ls loop 2>/dev/null; ln -s ${outside} own; echo evil > own/new; echo mine > in; cat inner.txt`,
    { workspace },
  )
  assertRan(result, /^mine$/)
  assert.deepEqual(readdirSync(outside), ['kept.txt'])
  assert.equal(readFileSync(join(outside, 'kept.txt'), 'utf8'), `${MARK} kept.txt\n`)
})

test('a workspace that is reached through a link is held as the directory it is', async () => {
  const real = project('target', 'a.txt')
  const link = join(house.home, 'linked-workspace')
  symlinkSync(real, link)
  const result = await sh(`echo evil > .mcp.json; mkdir .vscode/x; echo mine > b.txt; cat a.txt`, {
    workspace: link,
  })
  assertRan(result, new RegExp(`^${MARK} a.txt$`))
  assert.deepEqual(readdirSync(real).sort(), ['a.txt', 'b.txt'])
})

test('the temporary directory is the sandbox’s own: nothing comes in and nothing stays', async (t) => {
  const mine = mkdtempSync('/tmp/warder-outside-')
  t.after(() => rmSync(mine, { recursive: true }))
  const name = `left-${process.pid}`
  assertRan(await sh(`ls -d ${mine} 2>/dev/null; echo x > /tmp/${name}; cat /tmp/${name}`), /^x$/)
  assert.ok(!existsSync(join('/tmp', name)))
  assertRan(await sh(`ls /tmp/${name} 2>/dev/null; echo gone`), /^gone$/)
})
