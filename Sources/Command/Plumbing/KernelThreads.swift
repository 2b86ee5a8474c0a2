import CVenturi

/// How many threads there are to be had.
enum KernelThreads {
  /// One for each processor that this process may use.
  static var all: Int { Int(vt_available_processors()) }
}
