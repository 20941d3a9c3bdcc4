{
  "includes": ["native/sources.gypi"],
  "variables": {
    # 1: an addon that can be told to die at named places (native/core/crash_point.h); scripts/native-crash-build.mjs makes it.
    "crash_points%": "0",
  },
  "targets": [
    {
      "target_name": "ticktape",
      "sources": ["<@(core_sources)", "<@(binding_sources)"],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["<@(addon_defines)"],
      "cflags": ["-Wall", "-Wextra", "-fvisibility=hidden"],
      "cflags_cc": ["-std=c++17"],
      "conditions": [
        # The C++ library goes into the binary: what ships must not want one newer than the user's. It stays hidden there, or the functions
        # of this library and those of Node's own could be taken for each other.
        ["OS=='linux'", {
          "libraries": ["-pthread"],
          "ldflags": ["-static-libstdc++", "-static-libgcc", "-Wl,--version-script=<(module_root_dir)/native/exports.map"],
        }],
        ["crash_points==1", {
          "defines": ["TICKTAPE_CRASH_POINTS"],
          "sources/": [["exclude", "^native/"]],
          "sources": ["all.cpp"],
        }],
      ],
      "configurations": {
        "Release": {
          "cflags": ["-O3"],
          "xcode_settings": {"GCC_OPTIMIZATION_LEVEL": "3"},
        },
      },
      "xcode_settings": {
        "CLANG_CXX_LANGUAGE_STANDARD": "c++17",
        "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
        "MACOSX_DEPLOYMENT_TARGET": "11.0",
        "WARNING_CFLAGS": ["-Wall", "-Wextra"],
      },
    },
  ],
}
