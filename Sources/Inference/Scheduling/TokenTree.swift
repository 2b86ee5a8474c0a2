/// Sequences of tokens with a value each, found by the longest beginning that they share with another: a radix tree.
///
/// Nodes lie in an array, so that a tree of any depth goes without recursion.
package struct TokenTree<Value> {
  /// The node of a value; holds until the value is removed.
  package typealias ID = Int

  /// What is found for a sequence.
  package struct Match {
    /// The tokens that the sequence shares with some key of the tree.
    package var shared = 0
    /// A key that shares them, which may go on in another way.
    package var below: ID?
    /// The longest key that the sequence begins with, whole.
    package var whole: ID?
    /// The length of that key.
    package var wholeCount = 0
  }

  private struct Node {
    /// The tokens from the parent's to this one's.
    var label: [Int32]
    var parent: ID
    var children: [Int32: ID] = [:]
    var value: Value?
  }

  private var nodes = [Node(label: [], parent: 0)]
  private var free: [ID] = []
  private let root = 0
  /// The number of values.
  package private(set) var count = 0

  /// An empty tree.
  package init() {}

  /// The value of a node.
  package subscript(id: ID) -> Value? { nodes[id].value }

  /// What the first `limit` tokens share with the keys.
  package func match(_ tokens: [Int32], limit: Int) -> Match {
    var match = Match()
    var node = root
    while match.shared < limit, let child = nodes[node].children[tokens[match.shared]] {
      let label = nodes[child].label
      let common = label.shared(with: tokens[match.shared..<limit])
      match.shared += common
      node = child
      if common < label.count { break }
      if nodes[node].value != nil { (match.whole, match.wholeCount) = (node, match.shared) }
    }
    if match.shared > 0 {
      // Every leaf has a value.
      while nodes[node].value == nil, let child = nodes[node].children.first?.value { node = child }
      match.below = node
    }
    return match
  }

  /// Puts a value at a key, in place of the one that is there.
  package mutating func insert(_ tokens: [Int32], _ value: Value) -> ID {
    var node = root
    var depth = 0
    while depth < tokens.count {
      guard let child = nodes[node].children[tokens[depth]] else {
        let leaf = add(Node(label: Array(tokens[depth...]), parent: node))
        nodes[node].children[tokens[depth]] = leaf
        node = leaf
        break
      }
      let common = nodes[child].label.shared(with: tokens[depth...])
      depth += common
      node = common == nodes[child].label.count ? child : split(child, at: common)
    }
    if nodes[node].value == nil { count += 1 }
    nodes[node].value = value
    return node
  }

  /// Takes a value away.
  @discardableResult
  package mutating func remove(_ id: ID) -> Value? {
    guard let value = nodes[id].value else { return nil }
    count -= 1
    nodes[id].value = nil
    prune(id)
    return value
  }

  /// The nodes with values whose keys the key of `id` begins with, itself not among them.
  package func ancestors(of id: ID) -> [ID] {
    var found: [ID] = []
    var node = id
    while node != root {
      node = nodes[node].parent
      if nodes[node].value != nil { found.append(node) }
    }
    return found
  }

  private mutating func add(_ node: Node) -> ID {
    if let id = free.popLast() {
      nodes[id] = node
      return id
    }
    nodes.append(node)
    return nodes.count - 1
  }

  /// A new node in the middle of the way to `child`.
  private mutating func split(_ child: ID, at count: Int) -> ID {
    let label = nodes[child].label
    let parent = nodes[child].parent
    let middle = add(Node(label: Array(label[..<count]), parent: parent, children: [label[count]: child]))
    nodes[parent].children[label[0]] = middle
    nodes[child].label = Array(label[count...])
    nodes[child].parent = middle
    return middle
  }

  /// Takes nodes out that neither have a value nor part keys.
  private mutating func prune(_ id: ID) {
    guard id != root, nodes[id].value == nil else { return }
    let parent = nodes[id].parent
    if nodes[id].children.isEmpty {
      nodes[parent].children[nodes[id].label[0]] = nil
      release(id)
      prune(parent)
    } else if nodes[id].children.count == 1, let child = nodes[id].children.first?.value {
      nodes[child].label = nodes[id].label + nodes[child].label
      nodes[child].parent = parent
      nodes[parent].children[nodes[child].label[0]] = child
      release(id)
    }
  }

  private mutating func release(_ id: ID) {
    nodes[id] = Node(label: [], parent: root)
    free.append(id)
  }
}

extension [Int32] {
  /// How many of the first tokens are those of `others`.
  func shared(with others: ArraySlice<Int32>) -> Int {
    let most = Swift.min(count, others.count)
    var shared = 0
    while shared < most, self[shared] == others[others.startIndex + shared] { shared += 1 }
    return shared
  }
}
