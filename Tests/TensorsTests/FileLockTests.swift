import Foundation
import Tensors
import Testing
import VenturiTesting

@Suite struct FileLockTests {
  @Test("A lock is its holder's alone, and ends with it though a copy of the descriptor is open elsewhere")
  func endsWithItsHolder() throws {
    let folder = try TemporaryFolder()
    func opened() -> Int32 { open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    let descriptor = opened()
    // As a program has one that is being started.
    let copy = dup(descriptor)
    defer { close(copy) }
    var lock: FileLock? = try FileLock.take(descriptor)
    #expect(lock != nil)
    let refusal = #expect(throws: FileLock.Refusal.self) { try FileLock.take(opened()) }
    #expect(refusal?.isHeld == true)
    lock = nil
    _ = try FileLock.take(opened())
  }
}
