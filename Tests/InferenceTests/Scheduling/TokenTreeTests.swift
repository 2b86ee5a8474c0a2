import Testing
import Venturi
import VenturiTesting

@Suite struct TokenTreeTests {
  @Test("A tree finds what looking through all keys finds, whatever was put in and taken out", arguments: 0..<40)
  func findsWhatAListFinds(seed: Int) {
    var random = Random(seed: UInt64(seed))
    func below(_ limit: Int) -> Int { Int(random.next() % UInt64(limit)) }
    func sequence() -> [Int32] { (0..<1 + below(12)).map { _ in Int32(below(3)) } }
    func common(_ a: [Int32], _ b: ArraySlice<Int32>) -> Int { zip(a, b).prefix { $0 == $1 }.count }
    var tree = TokenTree<[Int32]>()
    var known: [[Int32]: TokenTree<[Int32]>.ID] = [:]
    var found = 0
    for _ in 0..<400 {
      if below(3) == 0,
        let key = known.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }).randomElement(using: &random)
      {
        let removed = known.removeValue(forKey: key).flatMap { tree.remove($0) }
        #expect(removed == key)
      } else {
        let key = sequence()
        known[key] = tree.insert(key, key)
      }
      #expect(tree.count == known.count)
      for (key, id) in known { #expect(tree[id] == key) }
      let wanted = sequence()
      let limit = below(wanted.count + 1)
      let match = tree.match(wanted, limit: limit)
      #expect(match.shared == known.keys.map { common($0, wanted[..<limit]) }.max() ?? 0)
      if match.shared > 0 {
        let below = match.below.flatMap { tree[$0] }
        #expect(below.map { common($0, wanted[..<limit]) } == match.shared)
        found += 1
      }
      let whole = known.keys.filter { $0.count <= limit && wanted.starts(with: $0) }.max { $0.count < $1.count }
      #expect(match.whole.flatMap { tree[$0] } == whole && match.wholeCount == whole?.count ?? 0)
      if let key = known.keys.first, let id = known[key] {
        let shorter = known.keys.filter { $0.count < key.count && key.starts(with: $0) }
        #expect(Set(tree.ancestors(of: id).compactMap { tree[$0] }) == Set(shorter))
      }
    }
    #expect(found > 100)
  }
}
