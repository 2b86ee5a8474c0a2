import CVenturi

/// How many threads there are to be had.
package enum KernelThreads {
  /// One for each processor that this process may use.
  package static var all: Int { Int(vt_available_processors()) }
}
