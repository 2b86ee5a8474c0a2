/// A line that is left at its front and joined at its back; who was sent back joins at the front.
struct WaitingLine<Element> {
  private var elements: [Element] = []
  private var head = 0

  var count: Int { elements.count - head }
  var isEmpty: Bool { head == elements.count }
  var first: Element? { isEmpty ? nil : elements[head] }

  mutating func append(_ element: Element) { elements.append(element) }

  mutating func prepend(_ element: Element) {
    if head > 0 {
      head -= 1
      elements[head] = element
    } else {
      elements.insert(element, at: 0)
    }
  }

  mutating func popFirst() -> Element? {
    guard head < elements.count else { return nil }
    let element = elements[head]
    head += 1
    // What was left behind is dropped once it is the larger part.
    if head > 64, head * 2 > elements.count {
      elements.removeFirst(head)
      head = 0
    }
    return element
  }

  /// All of them, the first first; the line is empty afterwards.
  mutating func takeAll() -> [Element] {
    defer {
      elements.removeAll()
      head = 0
    }
    return Array(elements[head...])
  }

  /// Those who wait, the first first.
  var all: ArraySlice<Element> { elements[head...] }
}
