import { useState } from 'react';

interface Task {
  id: number;
  title: string;
  done: boolean;
}

interface TaskRowProps {
  task: Task;
  onToggle: (id: number) => void;
}

function TaskRow({ task, onToggle }: TaskRowProps) {
  return (
    <li className={task.done ? 'done' : 'open'}>
      <input type="checkbox" checked={task.done} onChange={() => onToggle(task.id)} />
      <span>{task.title}</span>
    </li>
  );
}

export function TaskList({ tasks }: { tasks: Task[] }) {
  const [items, setItems] = useState(tasks);

  const toggle = (id: number) => {
    setItems(items.map((item) => (item.id === id ? { ...item, done: !item.done } : item)));
  };

  return (
    <ul>
      {items.map((item) => (
        <TaskRow key={item.id} $0
      ))}
    </ul>
  );
}
