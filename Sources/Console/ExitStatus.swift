/// How the program ends; scripts rely on these.
package enum ExitStatus: Int32, Error, Sendable {
  /// Done.
  case ok = 0
  /// Failed.
  case failure = 1
  /// Wrong usage.
  case usage = 2
  /// A reproduction whose figures miss a target of its sheet.
  case targetMissed = 3
  /// A model file that is malformed or not supported.
  case badModel = 65
  /// Something that is needed is not there.
  case unavailable = 69
  /// More was asked than is taken on.
  case overloaded = 75
  /// Ended by Ctrl-C.
  case interrupted = 130
}
