import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { assertRan, boxes, needs } from '../kit/box.ts'

// Ways to read or change files the agent was not shown. Every test also does something honest that must succeed.

const { house, box, sh } = boxes({ after })
const MARK = 'mark-5c1d-of-the-secret'

test('a private key in the home directory cannot be read, found by name, or found by content', async () => {
  mkdirSync(join(house.home, '.ssh'))
  writeFileSync(join(house.home, '.ssh/id_ed25519'), MARK)
  writeFileSync(join(house.workspace, 'notes.txt'), 'an ordinary file')
  const result = await sh(`
    cat ${house.home}/.ssh/id_ed25519; cat ~/.ssh/id_ed25519
    find / -xdev -name id_ed25519 -not -path '/proc/*' 2>/dev/null
    grep -rs ${MARK.slice(0, 9)}[-]5c1d / --exclude-dir=proc --exclude-dir=usr 2>/dev/null
    cat notes.txt`)
  assertRan(result, /^an ordinary file$/)
})

test('the passwords of the machine are not there, and its users are not told', async () => {
  const result = await sh('cat /etc/shadow /etc/gshadow /etc/sudoers; cut -d: -f1 /etc/passwd | tr "\\n" ,')
  assertRan(result, /^[a-z][\w-]*,nobody,$/)
})

test("Warder's own keys, record and socket are not there", async () => {
  assert.ok(readdirSync(house.state).length > 0, 'there is a state directory to look for')
  const result = await sh(`ls -A ${house.state} ${house.runtime} ${house.home}/.config; ls -A ~; echo looked`)
  assertRan(result, /^work\nlooked$/)
})

test('a link that was planted in the workspace leads nowhere outside', async () => {
  writeFileSync(join(house.home, 'outside.txt'), MARK)
  symlinkSync(join(house.home, 'outside.txt'), join(house.workspace, 'to-outside'))
  symlinkSync('../../../../../../etc/shadow', join(house.workspace, 'to-shadow'))
  writeFileSync(join(house.workspace, 'inside.txt'), 'inside')
  symlinkSync('inside.txt', join(house.workspace, 'to-inside'))
  const result = await sh('cat to-outside; cat to-shadow; cat ../outside.txt; cat to-inside')
  assertRan(result, /^inside$/)
})

test('writing through a planted link changes nothing outside', async () => {
  const target = join(house.home, 'target.txt')
  writeFileSync(target, 'before')
  symlinkSync(target, join(house.workspace, 'write-through'))
  const result = await sh('echo stolen > write-through; echo mine > own.txt; cat own.txt')
  assertRan(result, /^mine$/m)
  assert.equal(readFileSync(target, 'utf8'), 'before')
})

test('a hard link to a file outside the workspace cannot be made', async () => {
  const result = await sh(
    'ln /usr/bin/true hard && echo LINKED; ln /etc/passwd hard2 && echo LINKED; echo x > a && ln a b && cat b',
  )
  assertRan(result, /^x$/)
})

test('the system cannot be changed: not its programs, its settings, nor the root', async () => {
  const result = await sh(`
    for path in /usr/bin/planted /usr/local/bin/planted /etc/planted /etc/passwd /etc/ld.so.preload /planted /dev/planted /bin/sh /var/planted; do
      (echo x >> $path) 2>/dev/null && echo "WROTE $path"
    done
    rm -f /usr/bin/true && echo REMOVED; mkdir /planted && echo MADE
    echo x > /tmp/scratch && cat /tmp/scratch`)
  assertRan(result, /^x$/)
})

test('there are no devices but the harmless ones', async () => {
  const result = await sh(
    'ls /dev | tr "\\n" " "; head -c 4 /dev/zero | wc -c; ls /dev/mem /dev/kmem /dev/kvm /dev/sda /dev/vda 2>/dev/null; true',
  )
  assertRan(
    result,
    /^(console )?core fd full null ptmx pts random shm stderr stdin stdout tty urandom zero 4$/,
  )
})

test('no other home and no other tree of the machine is there', async () => {
  const result = await sh(
    'ls -d /home/* /root/.[a-z]* /srv /opt /boot /mnt /sys /var/lib /var/log /var/spool /run/docker.sock /run/dbus 2>/dev/null; ls -d /usr',
  )
  assert.equal(result.stdout, '/usr\n')
})

test('a secret in the environment does not go along, neither by name nor through /proc', async () => {
  const result = await sh('env; tr "\\0" "\\n" < /proc/self/environ; tr "\\0" "\\n" < /proc/1/environ', {
    env: {
      AWS_SECRET_ACCESS_KEY: MARK,
      GITHUB_TOKEN: MARK,
      DATABASE_URL: `postgres://u:${MARK}@h/d`,
      SSH_AUTH_SOCK: '/tmp/agent.sock',
      LD_PRELOAD: '',
      TZ: 'Europe/Zurich',
    },
  })
  assert.match(result.stdout, /^TZ=Europe\/Zurich$/m)
  assert.doesNotMatch(result.stdout, /mark-5c1d|SSH_AUTH_SOCK|LD_PRELOAD|GITHUB/)
})

test('no descriptor is open inside but the three standard ones', async () => {
  const result = await sh('ls /proc/self/fd; true')
  assertRan(result, /^0\n1\n2\n3$/)
})

test('a file that would run as its owner for others cannot be made, by any of the calls there are', async (t) => {
  if (!needs(t, '/usr/bin/perl')) return
  const result = await sh(`
    touch f; chmod u+s f && echo SETUID; chmod g+s f && echo SETGID; chmod 755 f && echo plain
    perl -e 'use Fcntl; sysopen(my $f, "made", O_CREAT|O_WRONLY, 04755) and print "SETUID\\n"'
    perl -e 'require POSIX; syscall(${process.arch === 'x64' ? 133 : 33}, ${process.arch === 'x64' ? '' : '-100,'} "node", 0104755, 0) == 0 and print "SETUID\\n"'
    find . -perm /6000`)
  assertRan(result, /^plain$/)
})

test('the mounts cannot be undone, made writable, or looked behind', async () => {
  const result = await sh(`
    umount /usr 2>/dev/null && echo UMOUNTED; mount -o remount,rw /usr 2>/dev/null && echo REMOUNTED
    mount -t tmpfs none /tmp 2>/dev/null && echo MOUNTED; umount .git 2>/dev/null && echo UMOUNTED
    ls /oldroot /newroot 2>/dev/null && echo BEHIND
    chroot / true 2>/dev/null && echo CHROOTED
    grep -c . /proc/self/mountinfo`)
  assertRan(result, /^\d+$/)
})

test('what policy grants is shown, and nothing beside it', async () => {
  const shown = join(house.home, 'manuals')
  mkdirSync(join(shown, 'deep'), { recursive: true })
  writeFileSync(join(shown, 'deep/page.txt'), 'a page')
  writeFileSync(join(house.home, 'manuals-secret.txt'), MARK)
  const result = await box({
    argv: [
      '/bin/sh',
      '-c',
      `cat ${shown}/deep/page.txt; cat ${house.home}/manuals-secret.txt; echo x > ${shown}/deep/new && echo WROTE; true`,
    ],
    agent: 'reader',
    grants: [`fs:read:${shown}/**`],
  })
  assertRan(result, /^a page$/)
})

test('without the grant the same directory is not there', async () => {
  const result = await box({
    argv: ['/bin/sh', '-c', `cat ${house.home}/manuals/deep/page.txt; echo tried`],
    agent: 'nobody-granted',
  })
  assertRan(result, /^tried$/)
})
