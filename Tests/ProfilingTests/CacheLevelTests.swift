import Profiling
import Tensors
import Testing
import VenturiTesting

@Suite struct CacheLevelTests {
  @Test("Caches are read from the system's description, the instructions' left out")
  func description() throws {
    let place = try TemporaryFolder()
    let folder = place.path
    let caches = [
      ("1", "Data", "48K", "0"), ("1", "Instruction", "32K", "0"), ("2", "Unified", "1024K", "0,8"),
      ("3", "Unified", "32M", "0-3,8-11"), ("x", "Unified", "1K", "0"),
    ]
    for (index, cache) in caches.enumerated() {
      let values = [("level", cache.0), ("type", cache.1), ("size", cache.2), ("shared_cpu_list", cache.3)]
      for (name, value) in values {
        try writeFileAtomically("\(folder)/index\(index)/\(name)", Array("\(value)\n".utf8))
      }
    }
    #expect(
      CacheLevel.described(under: folder) == [
        .init(level: 1, bytes: 48 << 10, sharing: 1), .init(level: 2, bytes: 1 << 20, sharing: 2),
        .init(level: 3, bytes: 32 << 20, sharing: 8),
      ])
    #expect(CacheLevel.described(under: folder + "/absent").isEmpty)
  }

  @Test("A level's bytes are what the threads have of it together", arguments: [1, 2, 3])
  func levels(threads: Int) throws {
    let context = Context(threads: threads)
    let levels = try CacheLevel.measure(
      [
        .init(level: 3, bytes: 4 << 20, sharing: 8), .init(level: 1, bytes: 32 << 10, sharing: 1),
        .init(level: 2, bytes: 256 << 10, sharing: 1),
      ], context: context, repeats: 1)
    #expect(levels.map(\.name) == ["L2", "L3"] && levels.map(\.bytes) == [context.workers.count << 18, 4 << 20])
    #expect(levels.allSatisfy { $0.read.median > 0 && $0.read.median.isFinite && $0.read.count == 1 })
  }
}
