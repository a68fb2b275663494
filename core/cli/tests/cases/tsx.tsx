import { useState } from "react";

type Props = { label: string; start?: number };

export function Counter({ label, start = 0 }: Props) {
  const [count, setCount] = useState(start);
  return (
    <button onClick={() => $0}>
      {label}: {count}
    </button>
  );
}
