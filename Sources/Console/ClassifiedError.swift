/// An error of a library that this one does not know, which says itself what it means for the command.
package protocol ClassifiedError: Error {
  /// The exit code.
  var status: ExitStatus { get }
  /// A word for programs.
  var kindOfFailure: String { get }
}
