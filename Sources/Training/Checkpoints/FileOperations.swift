/// What a checkpoint's writer does to a file system, one call for each thing that may fail: tests put faults between.
package protocol FileOperations {
  /// Makes a folder, which must not be there.
  func makeFolder(_ path: String) throws(FileFailure)
  /// Makes a file, which must not be there, for writing.
  func create(_ path: String) throws(FileFailure) -> OpenedFile
  /// Writes some of `bytes` at the end; how many.
  func append(_ bytes: UnsafeRawBufferPointer, to file: OpenedFile) throws(FileFailure) -> Int
  /// Waits until what was written is on the disk.
  func flush(_ file: OpenedFile) throws(FileFailure)
  /// Ends writing. Whatever it throws, the file is closed.
  func finish(_ file: OpenedFile) throws(FileFailure)
  /// Waits until the names in a folder are on the disk.
  func flush(folder: String) throws(FileFailure)
  /// Gives a file or folder another name, in one step.
  func move(_ path: String, to other: String) throws(FileFailure)
  /// Removes a file.
  func remove(file: String) throws(FileFailure)
  /// Removes an empty folder.
  func remove(folder: String) throws(FileFailure)
}

/// A file that is being written.
package struct OpenedFile: Sendable {
  /// Where it is.
  package let path: String
  /// Its number in the process.
  package let descriptor: Int32

  package init(path: String, descriptor: Int32) {
    self.path = path
    self.descriptor = descriptor
  }
}

/// What a file system refused.
package struct FileFailure: Error, Sendable, Equatable {
  /// What was tried, as a verb.
  package var operation: String
  /// The file or folder.
  package var path: String
  /// The system's error number.
  package var code: Int32

  package init(_ operation: String, _ path: String, _ code: Int32) {
    self.operation = operation
    self.path = path
    self.code = code
  }
}
