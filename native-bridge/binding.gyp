{
  # Built by scripts/build-addon.mjs, which copies the sources into a work folder per ABI first.
  'variables': { 'plasmoid_asan%': 0 },
  'targets': [
    {
      'target_name': 'plasmoid',
      'sources': [
        "<!@(node -p \"require('node:fs').readdirSync('.').filter((name) => name.endsWith('.cc')).sort().join(' ')\")",
      ],
      # Node's own defaults give way: its language level differs by version, and the bridge's does not.
      'cflags!': [ '-O3' ],
      'cflags_cc!': [ '-std=gnu++17', '-std=gnu++20', '-fno-exceptions' ],
      # As system headers, those of Node and V8 keep their warnings to themselves (a later -I of the same folder is
      # ignored), so that -Werror can be strict with ours.
      'cflags_cc': [
        '-std=c++20',
        '-Wall',
        '-Wextra',
        '-Werror',
        '-fvisibility=hidden',
        '-isystem <(node_root_dir)/include/node',
      ],
      'xcode_settings': {
        'CLANG_CXX_LANGUAGE_STANDARD': 'c++20',
        'CLANG_CXX_LIBRARY': 'libc++',
        'GCC_ENABLE_CPP_EXCEPTIONS': 'YES',
        'GCC_OPTIMIZATION_LEVEL': '2',
        'GCC_SYMBOLS_PRIVATE_EXTERN': 'YES',
        'MACOSX_DEPLOYMENT_TARGET': '11.0',
        'WARNING_CFLAGS': [ '-Wall', '-Wextra', '-Werror' ],
        'OTHER_CPLUSPLUSFLAGS': [ '-isystem', '<(node_root_dir)/include/node' ],
      },
      'conditions': [
        # A window's deleter may run after the thread that loaded the addon has ended: the code must stay mapped.
        [ 'OS=="linux"', { 'ldflags': [ '-Wl,-z,nodelete' ] } ],
        [ 'plasmoid_asan==1', {
          # vptr checks need the type information that Node builds without.
          'cflags': [
            '-O1',
            '-g',
            '-fno-omit-frame-pointer',
            '-fsanitize=address,undefined',
            '-fno-sanitize=vptr',
            '-fno-sanitize-recover=all',
          ],
          'ldflags': [ '-fsanitize=address,undefined' ],
        }, {
          'cflags': [ '-O2' ],
        } ],
      ],
    },
  ],
}
